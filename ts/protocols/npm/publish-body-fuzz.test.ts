import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../errors.ts'
import { defaultPublishBodyLimits, parsePublishBody } from './publish-body.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? 7)
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 4000)

/** mulberry32: the same numbers for the same seed. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const random = randomFrom(seed)
const below = (count: number) => Math.floor(random() * count)
function pick<T>(...choices: [T, ...T[]]): T {
  return choices[below(choices.length)] ?? choices[0]
}

function space(): string {
  return random() < 0.8 ? '' : pick(' ', '\n', '\t', '\r\n  ')
}

/** The string as JSON, some characters escaped that need not be. */
function printString(text: string): string {
  const escaped = [...text].map((char) => {
    const way = random()
    if (way < 0.06) return [...Array(char.length).keys()].map((i) => unicode(char, i)).join('')
    if (way < 0.2 && char === '/') return '\\/'
    return JSON.stringify(char).slice(1, -1)
  })
  return `"${escaped.join('')}"`
}

function unicode(char: string, index: number): string {
  const hex = char.charCodeAt(index).toString(16).padStart(4, '0')
  return `\\u${random() < 0.5 ? hex : hex.toUpperCase()}`
}

function printObject(entries: [string, string][]): string {
  const members = entries.map(([key, value]) => `${space()}${printString(key)}${space()}:${space()}${value}${space()}`)
  return `{${members.join(',') || space()}}`
}

const keys = ['_attachments', 'data', 'name', '__proto__', 'constructor', '', 'é"\\', 'a-1.0.0.tgz', '1'] as const

function printValue(depth: number): string {
  const kind = depth > 4 ? below(4) : below(6)
  if (kind === 0) return pick('null', 'true', 'false', '0', '-1.5e+3', '12345678901234567890')
  if (kind < 4) return printString(pick('', 'x', 'data', 'a"b\\c/d', '\u2028é😀', '{"data":"AAAA"}', '\n\t'))
  const count = below(4)
  if (kind === 4) return `[${Array.from({ length: count }, () => printValue(depth + 1)).join(',')}]`
  return printObject(Array.from({ length: count }, () => [pick(...keys), printValue(depth + 1)]))
}

function printAttachment(): string {
  const bytes = Buffer.from(Array.from({ length: below(60) }, () => below(256)))
  const members: [string, string][] = [['length', String(bytes.length)]]
  if (random() < 0.95) members.push(['data', random() < 0.9 ? printString(bytes.toString('base64')) : printValue(3)])
  if (random() < 0.05) members.push(['data', printString('AAAA')])
  if (random() < 0.3) members.reverse()
  return printObject(members)
}

function printBody(): string {
  if (random() < 0.1) return printValue(0)
  const names = Array.from({ length: below(3) }, () => pick('a-1.0.0.tgz', 'b.tgz', '__proto__', 'é/😀.tgz'))
  const attachments = printObject(names.map((name) => [name, printAttachment()]))
  const members: [string, string][] = [['_attachments', random() < 0.95 ? attachments : printValue(1)]]
  for (let i = below(3); i > 0; i--) members.splice(below(2), 0, [pick(...keys), printValue(1)])
  return space() + printObject(members) + space()
}

function mutate(bytes: Buffer): Buffer {
  const at = below(bytes.length + 1)
  const noise = Buffer.from(
    pick('"', '\\', '{', '}', '[', ']', ',', ':', '\0', 'é', '\\u00', '=', 'data', '\ufeff', ' '),
  )
  const raw = random() < 0.1 ? Buffer.of(below(256)) : noise
  return pick(
    () => Buffer.concat([bytes.subarray(0, at), raw, bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(3))]),
    () => Buffer.concat([bytes.subarray(0, at), raw, bytes.subarray(at + 1)]),
    () => bytes.subarray(0, at),
  )()
}

async function* cut(bytes: Buffer): AsyncIterable<Uint8Array> {
  const size = pick(1, 3, 17, 1000)
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + below(size)
    yield bytes.subarray(at, at + length)
    at += length
  }
}

interface Outcome {
  document: unknown
  attachments: Map<string, string>
}

async function ours(bytes: Buffer): Promise<Outcome | string> {
  try {
    const parsed = await parsePublishBody(cut(bytes), {
      limits: { ...defaultPublishBodyLimits, maxAttachments: 100 },
      isText: () => false,
      onAttachment: async (_name, data) => Buffer.concat(await Array.fromAsync(data)).toString('base64'),
    })
    const attachments = [...parsed.attachments].map(
      ([name, a]) => [name, a.kind === 'bytes' ? a.result : a.text] as const,
    )
    return { document: parsed.document, attachments: new Map(attachments) }
  } catch (err) {
    assert.ok(hasCode(err, 'payload_invalid'), `an unexpected error: ${err}`)
    return err.message
  }
}

/** The same by JSON.parse, or why it is refused. */
function reference(bytes: Buffer): Outcome | 'not JSON' | 'not base64' {
  const attachments = new Map<string, string>()
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return 'not JSON'
  }
  for (const [name, attachment] of members(member(document, '_attachments'))) {
    const data = member(attachment, 'data')
    if (typeof data !== 'string') continue
    if (Buffer.from(data, 'base64').toString('base64').slice(0, -3) !== data.slice(0, -3)) return 'not base64'
    if (data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return 'not base64'
    attachments.set(name, Buffer.from(data, 'base64').toString('base64'))
    Object.assign(attachment as object, { data: '' })
  }
  return { document, attachments }
}

function members(value: unknown): [string, unknown][] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
}

function member(value: unknown, key: string): unknown {
  return members(value).find(([name]) => name === key)?.[1]
}

function compare(bytes: Buffer, got: Outcome | string): 'equal' | 'refused' | 'twice' {
  const expected = reference(bytes)
  const shown = `seed ${seed}: ${JSON.stringify(bytes.toString())}`
  if (typeof got === 'string' && expected !== 'not JSON' && repeatedKeys(bytes.toString()) > 0) return 'twice'
  if (typeof expected === 'string') {
    assert.equal(typeof got, 'string', `${expected}, but accepted: ${shown}`)
    return 'refused'
  }
  assert.ok(typeof got !== 'string', `refused with ${got}: ${shown}`)
  assert.deepEqual(got, expected, shown)
  return 'equal'
}

test('the parser and JSON.parse accept the same bodies and read the same from them', async () => {
  const outcomes = { equal: 0, refused: 0, twice: 0 }
  for (let round = 0; round < rounds; round++) {
    let bytes: Buffer = Buffer.from(printBody())
    for (let i = pick(0, 0, 1, 3); i > 0; i--) bytes = mutate(bytes)
    outcomes[compare(bytes, await ours(bytes))]++
  }
  assert.ok(outcomes.equal > rounds / 4, `only ${outcomes.equal} of ${rounds} bodies were valid`)
  assert.ok(outcomes.refused > rounds / 10, `only ${outcomes.refused} of ${rounds} bodies were refused`)
})

/** How many members JSON.parse drops: the reviver sees only those that stay. */
function repeatedKeys(text: string): number {
  let kept = 0
  JSON.parse(text, function (this: unknown, _key, value) {
    if (!Array.isArray(this)) kept++
    return value
  })
  const written = text.match(/"(?:[^"\\]|\\.)*"\s*:/g)?.length ?? 0
  return written + 1 - kept
}
