const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const spans: readonly (readonly [word: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]

/** `1 blob`, `1,204 blobs`; the plural is given where it is not made with an `s`. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? thing : things}`
}

/** `1 byte`, `512 bytes`, `1.5 GiB`. */
export function sizeWords(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte')
  let amount = bytes
  let unit = 0
  while (amount >= 1023.95 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  return `${amount.toFixed(1)} ${units[unit]}`
}

/** `3 days ago`, of a time that has passed; both in epoch milliseconds. */
export function ago(at: number, now: number): string {
  const passed = Math.max(0, now - at)
  const [word, ms] = spans.find((span) => passed >= span[1]) ?? ['second', 1000]
  return `${counted(Math.floor(passed / ms), word)} ago`
}
