import type { Figure } from './results.ts'
import { median } from './statistics.ts'

/** One measurement: the figure, and numbers to show behind it by name. */
export interface Sample {
  readonly value: number
  readonly beside?: Readonly<Record<string, number | undefined>>
  readonly problem?: string
}

export interface Turn {
  readonly contestant: string
  measure(round: number): Promise<Sample>
}

/** Lets the contestants take turns, all of them once a round: A B C, A B C, …; one that fails stops nobody else. */
export async function alternate(rounds: number, turns: readonly Turn[]): Promise<Figure[]> {
  const samples = new Map<Turn, Sample[]>(turns.map((turn) => [turn, []]))
  for (let round = 0; round < rounds; round++) {
    for (const turn of turns) {
      samples.get(turn)?.push(await turn.measure(round).catch((err) => ({ value: 0, problem: sentence(err) })))
    }
  }
  return turns.map((turn) => figureOf(turn.contestant, samples.get(turn) ?? []))
}

function figureOf(contestant: string, samples: readonly Sample[]): Figure {
  const problem = samples.find((sample) => sample.problem !== undefined)?.problem
  return {
    contestant,
    samples: samples.map((sample) => sample.value),
    beside: besides(samples),
    ...(problem === undefined ? {} : { problem }),
  }
}

function besides(samples: readonly Sample[]): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const name of new Set(samples.flatMap((sample) => Object.keys(sample.beside ?? {})))) {
    const value = median(samples.flatMap((sample) => sample.beside?.[name] ?? []))
    if (value !== undefined) texts[name] = value < 10 ? value.toFixed(1) : value.toFixed(0)
  }
  return texts
}

function sentence(err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).replaceAll(/\s+/g, ' ').slice(0, 200)
}
