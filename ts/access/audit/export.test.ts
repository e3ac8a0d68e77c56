import assert from 'node:assert/strict'
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { anEntry, openTestTrail } from './testing.ts'

interface Line {
  readonly kind: string
  readonly publicKey?: string
  readonly complete?: boolean
  // biome-ignore lint/suspicious/noExplicitAny: what a stranger parsed from a file.
  readonly value?: any
}

async function textOf(lines: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const line of lines) text += line
  return text
}

/** A verification as somebody writes it who has the file alone: sorted keys, SHA-256, Ed25519. */
function problemsOf(text: string): string[] {
  const lines: Line[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const key = createPublicKey(lines[0]?.publicKey ?? '')
  const problems: string[] = []
  const signed = new Map<string, string>()
  let previous = lines.find(({ kind }) => kind === 'base')?.value.hash ?? '0'.repeat(64)
  for (const { value } of lines.filter(({ kind }) => kind === 'checkpoint')) {
    const { signature, ...rest } = value
    if (!verify(null, Buffer.from(sortedJson(rest)), key, Buffer.from(signature, 'base64'))) problems.push('signature')
    if (value.previous !== previous) problems.push(`checkpoint ${value.sequence}`)
    previous = sha256(value)
    for (const [stream, sequence, hash] of value.heads) signed.set(`${stream}.${sequence}`, hash)
  }
  for (const { kind, value } of lines) {
    if (kind === 'stream') {
      previous = value.base?.hash ?? '0'.repeat(64)
      if (value.base && !isBase(key, value.stream, value.base)) problems.push('base')
      for (const place of [...signed.keys()]) {
        const [stream, sequence] = place.split('.')
        if (stream === value.stream && Number(sequence) <= (value.base?.sequence ?? 0)) signed.delete(place)
      }
    }
    if (kind !== 'entry') continue
    if (value.previous !== previous) problems.push(`entry ${value.sequence}`)
    previous = sha256(value)
    const place = `${value.stream}.${value.sequence}`
    if (signed.has(place) && signed.get(place) !== previous) problems.push(`head ${value.sequence}`)
    signed.delete(place)
  }
  return [...problems, ...[...signed.keys()].map(() => 'missing head')]
}

function isBase(key: KeyObject, stream: string, { signature, ...rest }: Record<string, string>): boolean {
  const said = sortedJson({ ...rest, stream, says: 'removed up to' })
  return verify(null, Buffer.from(said), key, Buffer.from(signature ?? '', 'base64'))
}

function sha256(value: object): string {
  return createHash('sha256').update(sortedJson(value)).digest('hex')
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson)}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const keys = Object.keys(value).toSorted()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(Object.getOwnPropertyDescriptor(value, key)?.value)}`)}}`
}

describe('an NDJSON export', () => {
  test('carries all that a stranger needs to verify it', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(3, { details: { version: '1.0.0', nested: { b: [1, 'é'], a: null } } })
    await opened.another().record(anEntry())
    await opened.recordAndSign(3)
    const text = await textOf(opened.trail.export('ndjson'))
    assert.deepEqual(problemsOf(text), [])
    assert.deepEqual(problemsOf(text.replace('1.0.0', '1.0.1')), ['entry 2'])
    assert.deepEqual(problemsOf(text.replaceAll(/"at":\d+,"heads"/g, '"at":1,"heads"')), [
      'signature',
      'signature',
      'checkpoint 2',
    ])
    const shorter = text.trimEnd().split('\n').slice(0, -1).join('\n')
    assert.deepEqual(problemsOf(shorter), ['missing head'])
  })

  test('of what retention left verifies too', async () => {
    await using opened = await openTestTrail()
    for (let day = 0; day < 5; day++) {
      await opened.recordAndSign(2)
      opened.clock.now += 86_400_000
    }
    await opened.trail.retain(opened.clock.now - 2 * 86_400_000)
    const text = await textOf(opened.trail.export('ndjson'))
    assert.equal(text.split('"kind":"entry"').length - 1, 4)
    assert.deepEqual(problemsOf(text), [])
    assert.deepEqual(problemsOf(text.replace(/"base":\{"at":\d+/, '"base":{"at":1')), ['base'])
  })

  test('with a filter says that it is no proof, and has the entries alone, oldest first', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(2)
    opened.clock.now += 1
    await opened.recordAndSign(1, { action: 'package.delete' })
    const lines: Line[] = (await textOf(opened.trail.export('ndjson', { actor: 'usr_jane' })))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      lines.map(({ kind, complete, value }) => [kind, complete, value?.action]),
      [
        ['trail', false, undefined],
        ['entry', undefined, 'package.publish'],
        ['entry', undefined, 'package.publish'],
        ['entry', undefined, 'package.delete'],
      ],
    )
  })
})

describe('a CSV export', () => {
  test('has a head and a line an entry, oldest first', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(1, { requestId: 'r1', details: { version: '1.0.0', quote: 'a "b", c' } })
    const [head, line, ...rest] = (await textOf(opened.trail.export('csv'))).split('\r\n')
    assert.deepEqual(rest, [''])
    assert.match(head ?? '', /^at,action,outcome,count,actorKind/)
    assert.match(
      line ?? '',
      /^2026-11-21T12:00:00.000Z,package.publish,success,1,user,usr_jane,jane,,package,pkg_tools,"'@acme\/tools",192.0.2.7,npm\/12.0.0,r1,"{""version"":""1.0.0"",""quote"":""a \\""b\\"", c""}",strm_/,
    )
  })

  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '\n=1', '＝1', '|cmd', '%x', '"=1']) {
    test(`makes no formula of ${JSON.stringify(text)}`, async () => {
      await using opened = await openTestTrail()
      await opened.recordAndSign(1, { userAgent: text, requestId: 'r1' })
      const csv = await textOf(opened.trail.export('csv'))
      const field = /,192\.0\.2\.7,("(?:[^"]|"")*"|[^,]*),r1,/.exec(csv)?.[1] ?? ''
      const shown = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
      assert.match(shown, /^['"]/)
      assert.equal(shown.replace(/^'/, ''), text)
    })
  }
})
