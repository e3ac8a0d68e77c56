/**
 * The first key that an object of this JSON text has twice, however it is escaped; `undefined` when there is none. Parsers
 * disagree about which of the two counts. The text must be valid; one pass over it.
 */
export function duplicateKey(text: string): string | undefined {
  /** The keys so far of each object that is open; `undefined` for a list. */
  const open: (Set<string> | undefined)[] = []
  let awaitsKey = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b || code === 0x5b) {
      awaitsKey = code === 0x7b
      open.push(awaitsKey ? new Set() : undefined)
    } else if (code === 0x7d || code === 0x5d) open.pop()
    else if (code === 0x2c) awaitsKey = open.at(-1) !== undefined
    else if (code === 0x22) {
      const end = closingQuote(text, at + 1)
      const key = awaitsKey ? unescaped(text.slice(at, end + 1)) : undefined
      if (key !== undefined && isKnown(open.at(-1), key)) return key
      awaitsKey = false
      at = end
    }
  }
  return undefined
}

function isKnown(keys: Set<string> | undefined, key: string): boolean {
  if (!keys || keys.has(key)) return keys !== undefined
  keys.add(key)
  return false
}

function closingQuote(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at
    if (code === 0x5c) at++
  }
  return at
}

function unescaped(quoted: string): string {
  return quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1)
}
