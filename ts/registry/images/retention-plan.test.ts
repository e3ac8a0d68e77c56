import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RetentionRule } from '../../metadata/access-schema.ts'
import { lastPushed } from './last-pushed.ts'
import { type TagUse, tagVerdict, untaggedVerdict } from './retention-plan.ts'

const dayMs = 86_400_000
const now = Date.UTC(2026, 6, 1)
const at = (daysAgo: number) => now - daysAgo * dayMs

/** A tag and how many days ago it was pushed and pulled last. */
type Row = readonly [tag: string, pushed: number, pulled?: number]

/** The tags that go. */
function going(rule: RetentionRule, rows: readonly Row[], immutableTags: readonly string[] = []): string[] {
  const uses = rows.map(
    ([tag, pushed, pulled]): TagUse => ({
      tag,
      pushedAt: at(pushed),
      ...(pulled !== undefined && { lastPulledAt: at(pulled) }),
    }),
  )
  const last = lastPushed(rule.keepLast ?? 1)
  for (const use of uses) last.add(use)
  const terms = { rule, now, immutableTags, earliestOfLast: last.earliest() }
  return uses.filter((use) => tagVerdict(use, terms).isGoing).map(({ tag }) => tag)
}

describe('tags', () => {
  const rows: readonly Row[] = [
    ['v1', 100],
    ['v2', 50, 5],
    ['v3', 20, 15],
    ['v4', 1],
  ]
  const cases: [name: string, rule: RetentionRule, goes: string[], immutable?: string[]][] = [
    ['go by no rule that only keeps', { keepLast: 1, keepMatching: ['v9'] }, []],
    ['go by no rule about untagged manifests', { untaggedDays: 1 }, []],
    ['go when pushed longer ago, pulled or not', { olderThanDays: 30 }, ['v1', 'v2']],
    ['stay on the day itself', { olderThanDays: 50 }, ['v1']],
    ['go when neither pushed nor pulled for longer', { unpulledDays: 10 }, ['v1', 'v3']],
    ['stay for ten minutes more, since pulls are written late', { unpulledDays: 15 - 9 / 1440 }, ['v1']],
    ['go for either reason', { olderThanDays: 30, unpulledDays: 10 }, ['v1', 'v2', 'v3']],
    ['stay while among the last that were pushed', { olderThanDays: 0, keepLast: 2 }, ['v1', 'v2']],
    ['stay when there are no more than the last', { olderThanDays: 0, keepLast: 4 }, []],
    ['stay when a pattern matches', { olderThanDays: 0, keepMatching: ['v2', 'v3*'] }, ['v1', 'v4']],
    ['stay by either of two reasons', { olderThanDays: 0, keepLast: 1, keepMatching: ['v1'] }, ['v2', 'v3']],
    ['never go when immutable', { olderThanDays: 0 }, ['v4'], ['v1', 'v2', 'v3']],
  ]
  for (const [name, rule, goes, immutable] of cases) {
    test(name, () => assert.deepEqual(going(rule, rows, immutable), goes))
  }

  test('of the same time count by name', () => {
    const same: Row[] = [
      ['b', 5],
      ['c', 5],
      ['a', 5],
    ]
    assert.deepEqual(going({ olderThanDays: 1, keepLast: 1 }, same), ['b', 'c'])
    assert.deepEqual(going({ olderThanDays: 1, keepLast: 2 }, same), ['c'])
  })

  test('kept for another reason count among the last, too', () => {
    const rows: Row[] = [
      ['latest', 1],
      ['v2', 2],
      ['v1', 3],
    ]
    assert.deepEqual(going({ olderThanDays: 0, keepLast: 2, keepMatching: ['latest'] }, rows), ['v1'])
  })

  const whys: [rule: RetentionRule, row: Row, why: string][] = [
    [{ olderThanDays: 30 }, ['a', 41.5], 'pushed 41 days ago, the rule being 30 days'],
    [{ unpulledDays: 1 }, ['a', 9], 'pushed 9 days ago and never pulled, the rule being 1 day'],
    [{ unpulledDays: 1 }, ['a', 9, 1.5], 'pushed 9 days ago and last pulled 1 day ago, the rule being 1 day'],
    [
      { olderThanDays: 3, unpulledDays: 7 },
      ['a', 9],
      'pushed 9 days ago, the rule being 3 days; pushed 9 days ago and never pulled, the rule being 7 days',
    ],
    [{ olderThanDays: 0, keepLast: 3 }, ['a', 9], 'it is among the last 3 that were pushed'],
    [{ olderThanDays: 0, keepMatching: ['a*'] }, ['a', 9], 'it matches "a*"'],
    [{ olderThanDays: 10 }, ['a', 9], 'no part of the rule says that it goes'],
  ]
  for (const [rule, [tag, pushed, pulled], why] of whys) {
    test(`are told why: ${why}`, () => {
      const use = { tag, pushedAt: at(pushed), lastPulledAt: pulled === undefined ? undefined : at(pulled) }
      assert.equal(tagVerdict(use, { rule, now }).why, why)
    })
  }
})

describe('untagged manifests', () => {
  const cases: [name: string, rule: RetentionRule, pushed: number, pulled: number | undefined, goes: boolean][] = [
    ['stay unless the rule speaks of them', { olderThanDays: 0 }, 100, undefined, false],
    ['go when pushed longer ago and never pulled', { untaggedDays: 7 }, 8, undefined, true],
    ['stay while somebody pulls them by digest', { untaggedDays: 7 }, 8, 2, false],
    ['stay while they are young', { untaggedDays: 7 }, 7, undefined, false],
    ['stay for ten minutes more, since uses are written late', { untaggedDays: 7 }, 7 + 9 / 1440, undefined, false],
    ['go after those', { untaggedDays: 7 }, 9, 7 + 11 / 1440, true],
  ]
  for (const [name, rule, pushed, pulled, goes] of cases) {
    test(name, () => {
      const use = { pushedAt: at(pushed), lastPulledAt: pulled === undefined ? undefined : at(pulled) }
      assert.equal(untaggedVerdict(use, { rule, now }).isGoing, goes)
    })
  }
})

test('the last pushed of many are found in any order', () => {
  const tags = Array.from({ length: 500 }, (_, i) => ({ tag: `t${i}`, pushedAt: (i * 7919) % 503 }))
  const sorted = tags.toSorted((a, b) => b.pushedAt - a.pushedAt)
  for (const count of [1, 2, 17, 499]) {
    const last = lastPushed(count)
    for (const tag of tags) last.add(tag)
    assert.deepEqual(last.earliest(), sorted[count - 1])
  }
  const all = lastPushed(500)
  for (const tag of tags) all.add(tag)
  assert.equal(all.earliest(), undefined)
})
