/** A name of the same form and length that nothing has: the letters of a word the other way round, an id's end changed. */
export function neverUsed(name: string): string {
  if (/^[a-z]+$/.test(name)) return [...name].reverse().join('')
  const last = name.at(-1) === '0' ? '1' : '0'
  return `${name.slice(0, -2)}${name.at(-2) === '0' ? '1' : '0'}${last}`
}
