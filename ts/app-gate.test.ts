import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kinds } from './gate-walk/kinds.ts'
import type { Shown } from './gate-walk/model.ts'
import { recording } from './gate-walk/recording.ts'
import { astray, unlisted } from './gate-walk/routes.ts'
import { allRows, comparedRowsFor, rowsFor } from './gate-walk/rows.ts'
import { compareWithNothing } from './gate-walk/strangers.ts'
import { type Walked, walk } from './gate-walk/walk.ts'
import { openWorld } from './gate-walk/world.ts'

const shownFaults = 60

/** Shows the first of what is wrong, and how much it is. */
function requireNone({ faults, requests }: Walked): void {
  if (faults.length === 0) return
  assert.fail(`${faults.length} faults in ${requests} requests:\n${faults.slice(0, shownFaults).join('\n')}`)
}

test('every route has a row in the table, and every row its route', async () => {
  await using world = await openWorld('public')
  const rows = allRows()
  assert.deepEqual(unlisted(world.t.app, rows), [])
  assert.deepEqual(astray(world.t.app, rows, world.names), [])
})

describe('every route, for every kind of principal', () => {
  for (const shown of ['private', 'public', 'internal', 'disabled'] satisfies Shown[]) {
    test(`where repositories are ${shown}`, async (context) => {
      const record = recording()
      await using world = await openWorld(shown, record)
      const rows = rowsFor(shown)
      await context.test('decides by the rules', async (inner) => {
        const walked = await walk(world, rows)
        inner.diagnostic(`${rows.length} rows, ${kinds.length} principals, ${walked.requests} requests`)
        requireNone(walked)
      })
      await context.test('answers of what may not be read as of what never was', async (inner) => {
        const compared = await compareWithNothing(world, comparedRowsFor(shown), record)
        inner.diagnostic(`${compared.requests} requests`)
        requireNone(compared)
      })
    })
  }
})
