import { RegistryError } from '../errors.ts'

/** Deeper values than this are refused; package manifests stay under 20. */
const maxDepth = 200

/**
 * The value of JSON text in UTF-8. Throws `payload_invalid` with line and column; the message never repeats the
 * text, which may hold a password.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = utf8(bytes)
  if (text.trim() === '') throw new RegistryError('payload_invalid', 'The body is empty; it must be JSON')
  const tooDeep = firstTooDeep(text)
  if (tooDeep !== undefined) throw invalid(`nested deeper than ${maxDepth}`, text, tooDeep)
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('not valid JSON', text, firstError(text))
  }
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new RegistryError('payload_invalid', 'The body is not valid UTF-8; it must be JSON in UTF-8')
  }
}

function invalid(what: string, text: string, index: number): RegistryError {
  const before = text.slice(0, index).split('\n')
  const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
  return new RegistryError('payload_invalid', `The body is ${what} (at ${where})`)
}

/** Where the bracket too many is opened, strings skipped; `undefined` when there is none. */
function firstTooDeep(text: string): number | undefined {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) inString = !inString
    else if (inString) i += code === 0x5c ? 1 : 0
    else if ((code | 0x20) === 0x7b && ++depth > maxDepth) return i
    else if ((code | 0x20) === 0x7d) depth--
  }
  return undefined
}

const space = /[ \t\r\n]*/y
const word = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y
const escaped = /["\\/bfnrt]|u[\da-fA-F]{4}/y

/** What may come next: `v` a value, `V` a value or `]`, `k` a key, `K` a key or `}`, `:`, `,` (or a closing), `e` end. */
type Expected = 'v' | 'V' | 'k' | 'K' | ':' | ',' | 'e'

/** The index of the first token at which the text is no longer the beginning of JSON. */
function firstError(text: string): number {
  const open: string[] = []
  let expected: Expected | undefined = 'v'
  for (let at = 0; ; ) {
    const start = endOf(space, text, at) ?? at
    const kind = kindAt(text, start)
    const end = kind === 's' ? stringEnd(text, start) : kind === 'n' ? endOf(word, text, start) : start + 1
    expected = end === undefined ? undefined : step(expected, kind, open)
    if (end === undefined || expected === undefined) return start
    at = end
  }
}

function kindAt(text: string, index: number): string {
  const char = text.charAt(index)
  return char === '"' ? 's' : '{}[],:'.includes(char) ? char : 'n'
}

function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/** By hand, since a pattern over a string of megabytes exhausts the stack. */
function stringEnd(text: string, start: number): number | undefined {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) return i + 1
    if (code < 0x20) return undefined
    if (code === 0x5c) {
      const end = endOf(escaped, text, i + 1)
      if (end === undefined) return undefined
      i = end - 1
    }
  }
  return undefined
}

/** The state after a token (`s` a string, `n` a number or word), or `undefined` when it must not stand there. */
function step(expected: Expected, kind: string, open: string[]): Expected | undefined {
  const value = expected === 'v' || expected === 'V'
  const after = (): Expected => (open.length === 0 ? 'e' : ',')
  if (kind === 's' && (expected === 'k' || expected === 'K')) return ':'
  if ((kind === 's' || kind === 'n') && value) return after()
  if ((kind === '{' || kind === '[') && value) {
    open.push(kind)
    return kind === '{' ? 'K' : 'V'
  }
  if (kind === ':' && expected === ':') return 'v'
  if (kind === ',' && expected === ',') return open.at(-1) === '{' ? 'k' : 'v'
  const pair = `${open.at(-1)}${kind}`
  const closable = pair === '{}' ? 'K,' : pair === '[]' ? 'V,' : ''
  if (!closable.includes(expected)) return undefined
  open.pop()
  return after()
}
