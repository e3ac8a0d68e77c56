import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  deprecations,
  highest,
  ownersEdit,
  parseTagMap,
  removedVersions,
  updateKind,
  wantedLatest,
} from './package-update.ts'

const manifest = (version: string) => ({ name: 'a', version, dependencies: { b: '1', c: '2' } })
const current = new Map([
  ['1.0.0', { manifest: manifest('1.0.0') }],
  ['2.0.0', { manifest: manifest('2.0.0'), deprecated: 'old' }],
])

function sent(changes: Record<string, object> = {}): { versions: Record<string, object> } {
  const shown = [...current].map(([version, { manifest, deprecated }]) => [
    version,
    {
      ...manifest,
      ...(deprecated ? { deprecated } : {}),
      _id: `a@${version}`,
      dist: { tarball: 'x' },
      ...changes[version],
    },
  ])
  return { versions: Object.fromEntries(shown) }
}

describe('which edit it is', () => {
  test('no versions but maintainers: owners', () => {
    assert.equal(updateKind(current.keys(), { _id: 'a', _rev: '1', maintainers: [] }), 'owners')
  })
  test('every version: deprecate', () => assert.equal(updateKind(current.keys(), sent()), 'deprecate'))
  test('a version left out: unpublish', () => {
    assert.equal(updateKind(current.keys(), { versions: { '1.0.0': {} }, maintainers: [] }), 'unpublish')
  })
  test('neither versions nor maintainers is refused', () => {
    assert.throws(() => updateKind([], {}), { code: 'payload_invalid', message: /nothing to change/ })
    assert.throws(() => updateKind([], 'x'), { code: 'payload_invalid' })
    assert.throws(() => updateKind([], { versions: [] }), { code: 'payload_invalid', details: { field: 'versions' } })
  })
})

describe('unpublish', () => {
  test('the versions left out are removed', () => {
    assert.deepEqual(removedVersions(['1.0.0', '2.0.0', '3.0.0'], { versions: { '2.0.0': {} } }), ['1.0.0', '3.0.0'])
    assert.deepEqual(removedVersions(['1.0.0'], { versions: {} }), ['1.0.0'])
  })

  test('a version that is not there (any more) means that the client is behind', () => {
    const stale = { versions: { '1.0.0': {}, '9.0.0': {} } }
    assert.throws(() => removedVersions(['1.0.0', '2.0.0'], stale), { code: 'revision_stale', message: /"9.0.0"/ })
    assert.throws(() => removedVersions(['1.0.0'], { versions: JSON.parse('{"__proto__":{}}') }), {
      code: 'revision_stale',
    })
  })

  test('latest goes where the client says, or to the highest release', () => {
    assert.equal(wantedLatest({ 'dist-tags': { latest: '1.0.0' } }), '1.0.0')
    assert.equal(wantedLatest({ 'dist-tags': { latest: 1 } }), undefined)
    assert.equal(wantedLatest({}), undefined)
    assert.equal(highest(['1.0.0', '1.10.0', '1.9.0', '3.0.0-a']), '1.10.0')
  })
  test('where all are prereleases the highest is latest', () => {
    assert.equal(highest(['1.0.0-a', '1.0.0-b.10', '1.0.0-b.9']), '1.0.0-b.10')
  })
})

describe('deprecate', () => {
  test('only what changes is reported; an empty message takes a deprecation back', () => {
    assert.deepEqual(deprecations(current, sent()), [])
    assert.deepEqual(deprecations(current, sent({ '1.0.0': { deprecated: 'bad' }, '2.0.0': { deprecated: '' } })), [
      { version: '1.0.0', message: 'bad' },
      { version: '2.0.0' },
    ])
    for (const none of [null, false, undefined]) {
      assert.deepEqual(deprecations(current, sent({ '2.0.0': { deprecated: none } })), [{ version: '2.0.0' }])
    }
  })

  test('the order of members is no edit, nor are members that the client was not shown', () => {
    const reordered = { '1.0.0': { dependencies: { c: '2', b: '1' }, deprecated: 'x' } }
    assert.deepEqual(deprecations(current, sent(reordered)), [{ version: '1.0.0', message: 'x' }])
    const few = { versions: { '1.0.0': { deprecated: 'x' }, '2.0.0': { deprecated: 'old' } } }
    assert.deepEqual(deprecations(current, few), [{ version: '1.0.0', message: 'x' }])
  })

  const field = 'versions["1.0.0"].dependencies'
  test('any other edit is refused, with and without a deprecation', () => {
    for (const more of [{}, { deprecated: 'x' }]) {
      const edited = sent({ '1.0.0': { dependencies: { b: '2' }, ...more } })
      assert.throws(() => deprecations(current, edited), {
        code: 'payload_invalid',
        message: /never changes/,
        details: { field },
      })
    }
  })

  test('a member named like one of every object is compared, not found', () => {
    const edited = sent({ '1.0.0': { constructor: 'x', deprecated: 'y' } })
    assert.throws(() => deprecations(current, edited), { code: 'payload_invalid', message: /constructor differs/ })
  })

  for (const message of [true, 7, ['x'], 'x'.repeat(1025)]) {
    test(`${JSON.stringify(message).slice(0, 10)} is no message`, () => {
      const details = { field: 'versions["1.0.0"].deprecated' }
      assert.throws(() => deprecations(current, sent({ '1.0.0': { deprecated: message } })), {
        code: 'payload_invalid',
        details,
      })
    })
  }
})

describe('owners', () => {
  test('are named once each, in order', () => {
    const maintainers = [{ name: 'b', email: 'x' }, { name: '__proto__' }, 'hasOwnProperty', { name: 'b' }]
    assert.deepEqual(ownersEdit({ maintainers }), ['b', '__proto__', 'hasOwnProperty'])
  })
  const refused: [maintainers: unknown, field: string][] = [
    ['ada', 'maintainers'],
    [[], 'maintainers'],
    [[{ name: 'a' }, { email: 'x' }], 'maintainers[1]'],
    [[''], 'maintainers[0]'],
  ]
  for (const [maintainers, field] of refused) {
    test(`${JSON.stringify(maintainers)} is refused`, () => {
      assert.throws(() => ownersEdit({ maintainers }), { code: 'payload_invalid', details: { field } })
    })
  }
})

test('a map of tags is checked tag by tag', () => {
  assert.deepEqual(parseTagMap({ latest: '1.0.0', next: '2.0.0' }), [
    ['latest', '1.0.0'],
    ['next', '2.0.0'],
  ])
  assert.throws(() => parseTagMap({ v1: '1.0.0' }), { code: 'payload_invalid', details: { field: '["v1"]' } })
  assert.throws(() => parseTagMap({ next: 1 }), { code: 'payload_invalid' })
  assert.throws(() => parseTagMap('1.0.0'), { code: 'payload_invalid' })
})
