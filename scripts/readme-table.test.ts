import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allVariables } from '../ts/config/variables.ts'
import { readReadme, withTable } from './readme-table.ts'

test("the README's configuration table is the one that the server reads: scripts/node scripts/readme-table.ts", () => {
  assert.equal(readReadme(), withTable(readReadme()))
})

test('every variable has a row', () => {
  const rows = readReadme().match(/^\| `[A-Z0-9_]+` \|/gm)
  assert.equal(rows?.length, allVariables.length)
})
