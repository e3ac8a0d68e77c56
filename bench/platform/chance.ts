import { idAlphabet } from '../../ts/ids.ts'

/** Numbers from 0 up to 1 that look random and are the same at every run. */
export interface Chance {
  next(): number
  /** A whole number below `count`, each as likely. */
  below(count: number): number
  /** A whole number below `count`, of which the first are drawn far more often: n about 1/n as often as the first. */
  skewed(count: number): number
}

/** https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
export function chance(seed: number): Chance {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    below: (count) => Math.floor(next() * count),
    skewed: (count) => Math.min(count - 1, Math.floor((count + 1) ** next()) - 1),
  }
}

/** The millisecond in which the first record of each kind was made. */
export const beginning = Date.UTC(2026, 0, 1)

/** The id that the number stands for: of the form of `newId`, later numbers sorting after earlier ones. */
export function idOf(prefix: string, number: number): string {
  let time = ''
  for (let rest = beginning + number, i = 0; i < 9; i++, rest = Math.floor(rest / 32))
    time = idAlphabet[rest % 32] + time
  let random = ''
  for (let i = 0, { below } = chance(number); i < 16; i++) random += idAlphabet[below(32)]
  return `${prefix}_${time}${random}`
}
