import { type Contestant, names } from '../contestants/contestant.ts'
import { publishMany } from '../publishing.ts'
import { atLeast, type Figure, type Line } from '../results.ts'
import { alternate, type Turn } from '../rounds.ts'
import type { Row } from './row.ts'

let orders = 0

/** Package names that no publish of this run has used. */
export function freshPrefix(): string {
  orders += 1
  return `published-${Date.now().toString(36)}-${process.pid}-${orders}`
}

/** New packages of 20 KB as fast as so many clients can. */
export function publishTurn(contestant: Contestant, clients: number, seconds: number, name = contestant.name): Turn {
  return {
    contestant: name,
    measure: async () => {
      const count = Math.ceil(seconds * 1000)
      const order = { clients, prefix: freshPrefix(), fileBytes: 20_000, count, seconds }
      const { published, seconds: took, p99Ms, problem } = await publishMany(contestant, order)
      return { value: published / took, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
    },
  }
}

function publishRow(clients: number, aim: (figures: readonly Figure[]) => Pick<Line, 'aim'>): Row {
  const title = `publish of 20 KB, ${clients} ${clients === 1 ? 'client' : 'clients'}`
  return {
    id: `publish-${clients}`,
    title,
    async run(setting) {
      const { stowage, twoWorkers, verdaccio } = await setting.field()
      const turns = [stowage, twoWorkers, verdaccio].map((each) => publishTurn(each, clients, setting.seconds))
      const figures = await alternate(setting.rounds, turns)
      return [{ table: 'Publishing', title, unit: 'publishes/s', figures, ...aim(figures) }]
    },
  }
}

export const publishRows: readonly Row[] = [
  publishRow(1, () => ({})),
  publishRow(16, (figures) => ({ aim: atLeast(figures, names.stowage, 300, 'publishes/s') })),
]
