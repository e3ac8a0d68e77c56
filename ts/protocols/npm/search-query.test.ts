import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anchorOf, fulfils, parseSearchRequest, type SearchFacts, searchAnswer } from './search-query.ts'

describe('the query', () => {
  test('words and qualifiers are told apart', () => {
    assert.deepEqual(
      parseSearchRequest({ text: ' http  keywords:cli,"Tool" scope:@Acme not:deprecated a:b quality-weight:1 ' }),
      {
        text: 'http a:b',
        qualifiers: [
          { kind: 'keywords', values: ['cli', 'tool'] },
          { kind: 'scope', values: ['acme'] },
          { kind: 'not', values: ['deprecated'] },
        ],
        from: 0,
        size: 20,
      },
    )
  })

  test('size is bounded, from is not', () => {
    const { size, from } = parseSearchRequest({ size: '1000', from: '40' })
    assert.deepEqual([size, from], [250, 40])
    assert.equal(parseSearchRequest({ size: '0' }).size, 0)
  })

  for (const [field, value] of [
    ['size', '-1'],
    ['from', 'x'],
    ['from', '1.5'],
    ['size', '1e9'],
    ['text', 'x'.repeat(513)],
  ] as const) {
    test(`${field}=${value.slice(0, 5)} is refused`, () => {
      assert.throws(() => parseSearchRequest({ [field]: value }), { code: 'payload_invalid', details: { field } })
    })
  }

  test('packages are looked up by what every hit has', () => {
    const anchor = (text: string) => anchorOf(parseSearchRequest({ text }))
    assert.equal(anchor('keywords:a,b scope:acme'), '@acme')
    assert.equal(anchor('keywords:CLI'), 'cli')
    assert.equal(anchor('author:Ada'), 'ada')
    assert.equal(anchor('not:deprecated maintainer:ada http'), undefined)
  })
})

describe('qualifiers', () => {
  const facts: SearchFacts = {
    name: '@acme/thing',
    version: '0.9.0',
    keywords: ['CLI', 'http'],
    authors: ['Ada'],
    maintainers: ['bob'],
    deprecated: false,
  }
  const table: [text: string, expected: boolean, over?: Partial<SearchFacts>][] = [
    ['', true],
    ['scope:acme', true],
    ['scope:@other', false],
    ['scope:acme', false, { name: 'acme' }],
    ['keywords:cli', true],
    ['keywords:tool,http', true],
    ['keywords:tool', false],
    ['author:ada maintainer:bob', true],
    ['author:ada maintainer:ada', false],
    ['is:unstable', true],
    ['is:unstable', false, { version: '1.0.0' }],
    ['not:unstable', false],
    ['is:deprecated', false],
    ['not:deprecated', true],
    ['not:deprecated', false, { deprecated: true }],
    ['not:insecure', true],
    ['is:insecure', false],
  ]
  for (const [text, expected, over] of table) {
    test(`"${text}" ${expected ? 'keeps' : 'drops'} ${JSON.stringify(over ?? {})}`, () => {
      assert.equal(fulfils(parseSearchRequest({ text }), { ...facts, ...over }), expected)
    })
  }
})

test('the answer has the shape that npm prints', () => {
  const hit = {
    name: '@acme/thing',
    version: '1.0.0',
    description: 'd',
    keywords: ['cli'],
    date: '2026-01-01T00:00:00.000Z',
    publisher: { name: 'ada', email: 'ada@example.com' },
    maintainers: [{ name: 'bob' }],
    score: 0.5,
  }
  assert.deepEqual(searchAnswer([hit], 7, '2026-02-01T00:00:00.000Z'), {
    objects: [
      {
        package: {
          name: '@acme/thing',
          scope: 'acme',
          version: '1.0.0',
          description: 'd',
          keywords: ['cli'],
          date: '2026-01-01T00:00:00.000Z',
          links: {},
          publisher: { username: 'ada', email: 'ada@example.com' },
          maintainers: [{ username: 'bob' }],
        },
        score: { final: 0.5, detail: { quality: 0.5, popularity: 0.5, maintenance: 0.5 } },
        searchScore: 0.5,
      },
    ],
    total: 7,
    time: '2026-02-01T00:00:00.000Z',
  })
})
