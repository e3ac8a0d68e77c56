import { type Aim, type Figure, type Line, ratio, type Unit } from '../results.ts'

const allowed = 1.2

/** A line of two installations' figures, the smaller one's first, and how many times worse the larger one is. */
export function compared(table: string, title: string, unit: Unit, figures: readonly Figure[]): Line {
  return { table, title, unit, figures, aim: within(unit, figures) }
}

/** A rate falls, a time or a size grows. */
function within(unit: Unit, [small, large]: readonly Figure[]): Aim {
  const isRate = unit.endsWith('/s')
  const [of, to] = isRate ? [small, large] : [large, small]
  const worse = of && to ? ratio([of, to], of.contestant, to.contestant) : undefined
  return {
    text: `within ${allowed} times`,
    reached: worse === undefined ? 'not measured' : `${worse.toFixed(2)} times`,
    met: worse !== undefined && worse <= allowed,
  }
}
