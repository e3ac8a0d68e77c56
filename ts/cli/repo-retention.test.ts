import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfig } from '../config.ts'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { imagesIn } from '../testing/registry-images.ts'
import { openStores } from './open-stores.ts'
import { requireRepository } from './required.ts'
import { withRegistry } from './with-registry.ts'

const dayMs = 86_400_000
const address = 'oci/acme/containers'

async function setUp(): Promise<TestCommandLine> {
  const stowage = openCommandLine()
  await stowage.ok('org', 'create', 'acme')
  await stowage.ok('repo', 'create', address)
  return stowage
}

/** Pushes an image with these tags, as if so many days ago. */
async function push({ env }: TestCommandLine, tags: readonly string[], days: number): Promise<void> {
  const { engine, blobs } = await openStores(loadConfig(env))
  await withRegistry(env, async (registry, access) => {
    const { repository } = await requireRepository(access, {
      protocol: 'oci',
      organization: 'acme',
      name: 'containers',
    })
    const images = imagesIn({ engine, registry, blobs }, repository)
    const manifest = await images.push({ tags, content: 'the same' })
    await images.ageManifest(manifest, days * dayMs)
    for (const tag of tags) await images.ageTag(tag, days * dayMs)
  })
  await blobs.close()
  await engine.close()
}

test('a rule is set whole, shown and taken away', async () => {
  using stowage = await setUp()
  const set = ['repo', 'retention', 'set', address]
  assert.equal(
    await stowage.ok(...set, '--older-than', '90d', '--keep-last', '10'),
    `${address} keeps the last 10; removes tags older than 90 days.`,
  )
  assert.deepEqual(await stowage.json('repo', 'retention', 'show', address), { keepLast: 10, olderThanDays: 90 })
  await stowage.ok(...set, '--unpulled-for', '30', '--keep-matching', 'stable, v*', '--untagged-for', '1')
  assert.deepEqual((await stowage.ok('repo', 'retention', 'show', address)).split('\n'), [
    'keeps stable, v*',
    'removes tags unused for 30 days',
    'removes untagged manifests unused for 1 day',
  ])
  assert.match(await stowage.ok('repo', 'show', address), /^retention +keeps stable, v\*, removes tags unused/m)
  assert.match(await stowage.ok('repo', 'list', 'acme'), /private +retention *$/m)
  await stowage.ok('repo', 'retention', 'clear', address)
  assert.equal(await stowage.json('repo', 'retention', 'show', address), null)
})

test('a rule that removes nothing is told so', async () => {
  using stowage = await setUp()
  const { notes } = await stowage.run(['repo', 'retention', 'set', address, '--keep-last', '3'])
  assert.equal(notes, 'That removes nothing: it only says what stays.')
})

test('a dry run tells what would go and why, and the run takes just that', async () => {
  using stowage = await setUp()
  await push(stowage, ['old', 'older', 'v1'], 9)
  await stowage.ok('repo', 'retention', 'set', address, '--older-than', '7', '--keep-matching', 'v*')
  const why = 'pushed 9 days ago, the rule being 7 days'
  const expected = [`tag app:old: ${why}`, `tag app:older: ${why}`]
  for (const _ of [1, 2]) {
    const told = await stowage.ok('repo', 'retention', 'run', address, '--dry-run')
    assert.deepEqual(told.split('\n'), [...expected, '2 tags and 0 manifests would go.'])
  }
  const removed = await stowage.ok('repo', 'retention', 'run', address)
  assert.deepEqual(removed.split('\n'), [...expected, 'Removed 2 tags and 0 manifests.'])
  assert.equal(await stowage.ok('repo', 'retention', 'run', address), 'Removed 0 tags and 0 manifests.')
  const entries = JSON.parse(await stowage.ok('audit', 'list', '--action', 'package.tag', '--json'))
  const byCommand = entries.filter((entry: { actor: { kind: string } }) => entry.actor.kind === 'command-line')
  assert.ok(byCommand.length >= 2)
})

test('a dry run as JSON is one object', async () => {
  using stowage = await setUp()
  await push(stowage, ['old'], 9)
  await stowage.ok('repo', 'retention', 'set', address, '--older-than', '7', '--untagged-for', '7')
  const { items, ...totals } = (await stowage.json('repo', 'retention', 'run', address, '--dry-run')) as {
    items: { kind: string; tag?: string }[]
  }
  assert.deepEqual(
    items.map(({ kind, tag }) => [kind, tag]),
    [
      ['tag', 'old'],
      ['manifest', undefined],
    ],
  )
  assert.deepEqual(totals, { tags: 1, manifests: 1 })
})

describe('what cannot be', () => {
  const set = ['repo', 'retention', 'set', address]
  const cases: [name: string, argv: string[], code: 1 | 2, note: RegExp][] = [
    ['a rule that says nothing', set, 2, /say what goes and what stays/],
    ['half a day', [...set, '--older-than', '0.5'], 2, /whole number from 0 to 36500/],
    ['a pattern that is none', [...set, '--keep-matching', 'a*b'], 1, /"\*" that is not at the end/],
    ['a pattern of no tag', [...set, '--keep-matching', 'bad tag!,ok'], 1, /"tag!" matches no tag.*letters, digits/],
    ['a pattern that begins as no tag', [...set, '--keep-matching', '.v*'], 1, /"\.v\*" matches no tag/],
    ['none of the last', [...set, '--keep-last', '0'], 2, /whole number from 1 to 1000/],
    ['everything at once', [...set, '--older-than', '0'], 2, /by --keep-last or --keep-matching/],
    [
      'immutable tags that are none',
      ['repo', 'set', address, '--immutable-tags', 'v1,release/*'],
      1,
      /"release\/\*" matches no tag/,
    ],
    ['a run without a rule', ['repo', 'retention', 'run', address], 1, /has no retention rule/],
    ['npm', ['repo', 'retention', 'set', 'npm/acme/tools', '--older-than', '1'], 1, /npm take no retention rule/],
  ]
  for (const [name, argv, code, note] of cases) {
    test(name, async () => {
      using stowage = await setUp()
      await stowage.refuses(argv, code, note)
    })
  }
})

test('the help says between which bounds numbers are', async () => {
  using stowage = await setUp()
  const help = await stowage.ok('repo', 'retention', 'set', '--help')
  assert.match(help.replaceAll(/\s+/g, ' '), /so many tags of each image \(1 to 1000\).*longer ago \(0 to 36500\)/)
})
