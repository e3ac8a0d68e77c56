import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { auditEntry } from '../../ts_interfaces/audit.ts'
import { anEntry } from '../access/audit/testing.ts'
import { loadConfig } from '../config.ts'
import * as platformSchema from '../metadata/platform-schema.ts'
import { openConnection } from '../metadata/sqlite-connection.ts'
import { execute } from './cli.ts'
import { withAudit } from './with-audit.ts'

let dataDir: string
const envOf = () => ({ DATA_DIR: dataDir })

async function stowage(...argv: string[]) {
  const out: string[] = []
  const notes: string[] = []
  const code = await execute(argv, {
    env: envOf(),
    stdin: Readable.from([]),
    isInteractive: false,
    print: (line) => void out.push(line),
    note: (line) => void notes.push(line),
  })
  return { code, out: out.join('\n'), notes: notes.join('\n') }
}

/** A store with three signed entries, of which the second is a deletion. */
async function aTrail(): Promise<void> {
  dataDir = mkdtempSync(join(tmpdir(), 'stowage-audit-'))
  await withAudit(envOf(), async (trail) => {
    for (const action of ['package.publish', 'package.delete', 'package.publish'])
      await trail.record(anEntry({ action }))
    await trail.checkpoint()
  })
}

describe('stowage audit', () => {
  before(aTrail)
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  test('list prints a table, newest first', async () => {
    const { code, out } = await stowage('audit', 'list')
    assert.equal(code, 0)
    assert.deepEqual(
      out.split('\n').map((line) => line.split(/ {2,}/)[2]),
      ['ACTION', 'package.publish', 'package.delete', 'package.publish'],
    )
  })

  test('list as JSON is an array of what the API answers; the cursor of the next page is a note', async () => {
    const first = await stowage('audit', 'list', '--limit', '2', '--json')
    const [entry, ...others] = JSON.parse(first.out)
    assert.equal(others.length, 1)
    const parsed = auditEntry.parse(entry)
    assert.deepEqual([parsed.actor.name, parsed.target.name, parsed.at.at(-1)], ['jane', '@acme/tools', 'Z'])
    const next = /--after (\S+)$/.exec(first.notes)?.[1] ?? ''
    const second = await stowage('audit', 'list', '--after', next, '--json')
    assert.deepEqual([JSON.parse(second.out).length, second.notes], [1, ''])
  })

  const filters: [argv: string[], count: number][] = [
    [['--action', 'package.delete'], 1],
    [['--actor', 'usr_jane'], 3],
    [['--actor', 'nobody'], 0],
    [['--target', 'pkg_tools', '--action', 'package.publish'], 2],
    [['--from', '1h'], 3],
    [['--to', '2026-01-01'], 0],
  ]
  for (const [argv, count] of filters) {
    test(`list ${argv.join(' ')} gives ${count}`, async () => {
      assert.equal(JSON.parse((await stowage('audit', 'list', '--json', ...argv)).out).length, count)
    })
  }

  const misuses: [argv: string[], note: RegExp][] = [
    [['list', '--from', 'yesterday'], /a time such as 2026-11-21 .*, or a duration such as 7d/],
    [['list', '--from', '2026-99-99'], /a time such as 2026-11-21/],
    [['verify', '--anchor', '1'], /a number, a colon and 64/],
    [['export', '--format', 'xml'], /ndjson, csv/],
  ]
  for (const [argv, note] of misuses) {
    test(`${argv.join(' ')} exits with 2`, async () => {
      const { code, notes } = await stowage('audit', ...argv)
      assert.equal(code, 2)
      assert.match(notes, note)
    })
  }

  test('export writes the proof, and CSV to a new file that only its owner reads', async () => {
    const { out } = await stowage('audit', 'export')
    const kinds = out.split('\n').map((line) => JSON.parse(line).kind)
    assert.deepEqual(kinds, ['trail', 'checkpoint', 'stream', 'entry', 'entry', 'entry'])
    const file = join(dataDir, 'audit.csv')
    const csv = () => stowage('audit', 'export', '--format', 'csv', '--action', 'package.delete', '--output', file)
    assert.equal((await csv()).code, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(readFileSync(file, 'utf8').split('\r\n').length, 3)
    const again = await csv()
    assert.equal(again.code, 1)
    assert.equal(again.notes, `stowage: The file ${file} exists already and was left as it is. Name a new one.`)
  })
})

describe('stowage audit verify', () => {
  before(aTrail)
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  test('exits with 0 when nothing is wrong, and 1 with a sentence for each thing that is', async () => {
    const fine = await stowage('audit', 'verify')
    assert.equal(fine.code, 0)
    assert.match(
      fine.out,
      /Nothing was changed.*\nRead: 1 streams, 3 entries \(0 not signed yet\), 1 checkpoints\.\nAnchor: 1:/,
    )
    const anchor = /Anchor: (\S+)/.exec(fine.out)?.[1] ?? ''
    assert.equal((await stowage('audit', 'verify', '--anchor', anchor)).code, 0)
    assert.equal((await stowage('audit', 'verify', '--anchor', `1:${'0'.repeat(64)}`)).code, 1)

    await withAudit(envOf(), async (_trail, engine) => {
      const entries = engine.collection(platformSchema.auditEntries)
      const [entry] = (await entries.find('byAction', { equals: { action: 'package.delete' } })).items
      if (entry) await entries.update(entry.id, entry.revision, { ...entry.value, actorName: 'mallory' })
    })
    const found = await stowage('audit', 'verify')
    assert.equal(found.code, 1)
    assert.match(found.out, /^strm_\w+: Entry 2 is not what entry 3 was chained to/)
    assert.match(found.notes, /^stowage: The audit trail is not as it was written: 1 finding\.$/)
    const json = await stowage('audit', 'verify', '--json')
    assert.deepEqual([json.code, JSON.parse(json.out).findings[0].kind], [1, 'changed'])
  })
})

describe('stowage audit list, of what clients wrote,', () => {
  before(aTrail)
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  test('keeps from the terminal what would steer it', async () => {
    await withAudit(envOf(), (trail) =>
      trail.record(anEntry({ actor: { kind: 'user', id: 'usr_x', name: 'x\u001b[2J\ny\u202ez' } })),
    )
    const { out } = await stowage('audit', 'list', '--actor', 'usr_x')
    assert.match(out, / {2}x \[2J y z {2}/)
  })
})

describe('stowage audit list, of who it was and what,', () => {
  before(aTrail)
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  const columnsOf = (out: string) => out.split('\n').map((line) => line.split(/ {2,}/))

  test('shows the kind of whoever is no user, the platform once, and the details', async () => {
    const root = { kind: 'command-line', id: 'root', name: 'root' }
    const jane = { kind: 'user', id: 'usr_jane', name: 'jane' }
    const acme = { kind: 'organization', id: 'org_acme', name: 'acme' }
    const platform = { kind: 'platform', id: 'platform', name: 'platform' }
    await withAudit(envOf(), async (trail) => {
      const details = { member: jane, role: 'admin' }
      await trail.record(anEntry({ action: 'member.set', actor: root, target: acme, details, at: 1 }))
      await trail.record(anEntry({ action: 'settings.update', target: platform, details: { signUp: true }, at: 2 }))
    })
    const lines = columnsOf((await stowage('audit', 'list', '--to', '2020-01-01')).out)
    assert.deepEqual(
      lines.map((cells) => cells.slice(1)),
      [
        ['ACTOR', 'ACTION', 'TARGET', 'OUTCOME', 'ADDRESS', 'DETAILS'],
        ['jane', 'settings.update', 'platform', 'success', '192.0.2.7', 'signUp true'],
        ['command-line root', 'member.set', 'organization acme', 'success', '192.0.2.7', 'member jane, role admin'],
      ],
    )
    for (const actor of ['command-line', 'command-line:root', 'root']) {
      const found = columnsOf((await stowage('audit', 'list', '--actor', actor)).out).slice(1)
      assert.deepEqual(
        found.map((cells) => cells[2]),
        ['member.set'],
        actor,
      )
    }
  })
})

test('stowage audit, of an entry that cannot be read, names it and shows the rest', async () => {
  await aTrail()
  const { metadata } = loadConfig(envOf())
  assert.ok(metadata.kind === 'sqlite')
  using connection = openConnection(metadata.path, false)
  connection.run("UPDATE auditEntries SET body = '{' WHERE f_action = 'package.delete'")
  const listed = await stowage('audit', 'list')
  assert.equal(listed.out.split('\n').length, 3)
  assert.match(listed.notes, /^Entry strm_\w+\.2 cannot be read and is left out: see stowage audit verify\.$/)
  const verified = await stowage('audit', 'verify')
  assert.equal(verified.code, 1)
  assert.match(verified.out, /^strm_\w+: Entry 2 cannot be read: it was overwritten or damaged\.$/m)
  assert.match((await stowage('audit', 'export', '--format', 'csv')).out, /\(unreadable\)/)
  rmSync(dataDir, { recursive: true, force: true })
})
