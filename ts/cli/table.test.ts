import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { type Facts, printFacts, printTable } from './table.ts'
import type { Terminal } from './terminal.ts'

function page() {
  const lines: string[] = []
  const notes: string[] = []
  const terminal: Terminal = {
    env: {},
    stdin: Readable.from([]),
    isInteractive: false,
    print: (line) => void lines.push(line),
    note: (line) => void notes.push(line),
  }
  return { lines, notes, terminal }
}

const createdAt = new Date('2026-01-02T03:04:05.678Z')
const rows = [
  { name: 'jané', displayName: 'Jané', isActive: true, createdAt },
  { name: 'bo', displayName: undefined, isActive: false, createdAt },
]

describe('a table', () => {
  test('has headings and aligned columns', () => {
    const { lines, terminal } = page()
    printTable(terminal, rows, ['name', 'displayName', 'isActive', 'createdAt'], {})
    assert.deepEqual(lines, [
      'NAME  DISPLAY NAME  ACTIVE  CREATED',
      'jané  Jané          yes     2026-01-02T03:04Z',
      'bo                  no      2026-01-02T03:04Z',
    ])
  })

  test('without rows is a note beside the result', () => {
    const { lines, notes, terminal } = page()
    printTable(terminal, [], [], {})
    assert.deepEqual([lines, notes], [[], ['There are none.']])
  })

  test('as JSON is an array of all fields, times in ISO 8601', () => {
    const { lines, terminal } = page()
    printTable(terminal, rows, ['name'], { json: true })
    assert.deepEqual(JSON.parse(lines.join('')), [
      { name: 'jané', displayName: 'Jané', isActive: true, createdAt: '2026-01-02T03:04:05.678Z' },
      { name: 'bo', isActive: false, createdAt: '2026-01-02T03:04:05.678Z' },
    ])
  })

  test('without rows as JSON is an empty array', () => {
    const { lines, terminal } = page()
    printTable(terminal, [], [], { json: true })
    assert.deepEqual(lines, ['[]'])
  })

  test('shows text of others on one line, without escape sequences', () => {
    const { lines, terminal } = page()
    printTable(terminal, [{ description: 'a\nb\u001b[31m\u202ec' }], ['description'], {})
    assert.deepEqual(lines, ['DESCRIPTION', 'a b [31m c'])
  })
})

test('one thing is a line a field, without the fields that have no value', () => {
  const { lines, terminal } = page()
  const teams = [
    { name: 'core', role: 'member' },
    { name: 'ops', role: 'maintainer' },
  ]
  const facts: Facts = { id: 'usr_1', displayName: 'Jane', owners: ['a', 'b'], teams, expiresAt: undefined }
  printFacts(terminal, facts, {})
  const shown = ['id            usr_1', 'display name  Jane', 'owners        a, b']
  assert.deepEqual(lines, [...shown, 'teams         core member, ops maintainer'])
})
