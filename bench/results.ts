import { names } from './contestants/contestant.ts'
import { median, medianRatio } from './statistics.ts'

/** One server's figures in one line of a table. */
export interface Figure {
  readonly contestant: string
  /** One a round, in order. */
  readonly samples: readonly number[]
  /** What belongs to it, such as the latency: medians, shown behind the figure. */
  readonly beside?: Readonly<Record<string, string>>
  /** Makes the figure count for nothing. */
  readonly problem?: string
}

/** A line of a table. */
export interface Line {
  readonly table: string
  readonly title: string
  readonly unit: Unit
  readonly figures: readonly Figure[]
  readonly aim?: Aim
}

export type Unit =
  | 'requests/s'
  | 'publishes/s'
  | 'pushes/s'
  | 'mounts/s'
  | 'tags/s'
  | 'MB/s'
  | 'MiB'
  | 'ms'
  | 's'
  | 'µs'
  | 'times'

/** What was aimed for, and what was reached of it. */
export interface Aim {
  readonly text: string
  readonly reached: string
  readonly met: boolean
}

/** The middle of a figure's rounds; `undefined` when it was not measured or had a problem. */
export function middle(figures: readonly Figure[], contestant: string): number | undefined {
  const figure = figures.find((each) => each.contestant === contestant)
  return figure && figure.problem === undefined ? median(figure.samples) : undefined
}

/** `of` against `to`, round by round. */
export function ratio(figures: readonly Figure[], of: string, to: string): number | undefined {
  const find = (name: string) => figures.find((each) => each.contestant === name && each.problem === undefined)
  return medianRatio(find(of)?.samples ?? [], find(to)?.samples ?? [])
}

/** At least a share of another's figure, 0.6 for 60 %. */
export function atLeastShare(figures: readonly Figure[], of: string, to: string, share: number): Aim {
  const reached = ratio(figures, of, to)
  return {
    text: `at least ${percent(share)} of the ${to}`,
    reached: reached === undefined ? 'not measured' : percent(reached),
    met: reached !== undefined && reached >= share,
  }
}

/** At least so many times another's figure. */
export function atLeastTimes(figures: readonly Figure[], of: string, to: string, least: number): Aim {
  const reached = ratio(figures, of, to)
  return {
    text: `at least ${least.toFixed(1)} times ${to}`,
    reached: reached === undefined ? 'not measured' : `${amount(reached)} times`,
    met: reached !== undefined && reached >= least,
  }
}

/** At least so much. */
export function atLeast(figures: readonly Figure[], of: string, least: number, unit: Unit): Aim {
  const reached = middle(figures, of)
  return {
    text: `at least ${amount(least)} ${unit}`,
    reached: reached === undefined ? 'not measured' : `${amount(reached)} ${unit}`,
    met: reached !== undefined && reached >= least,
  }
}

/** Below so much; says whose figure it is where that is not Stowage run from source. */
export function below(figures: readonly Figure[], of: string, bound: number, unit: Unit): Aim {
  const reached = middle(figures, of)
  return {
    text: `under ${amount(bound)} ${unit}${of === names.executable ? ' (executable)' : ''}`,
    reached: reached === undefined ? 'not measured' : `${amount(reached)} ${unit}`,
    met: reached !== undefined && reached < bound,
  }
}

export const percent = (share: number) => `${Math.round(share * 100)} %`

/** Three digits that mean something, thousands set apart. */
export function amount(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}
