import type { Contestant } from '../contestants/contestant.ts'
import { publishMany } from '../publishing.ts'
import { alternate, type Turn } from '../rounds.ts'
import { freshPrefix } from './publish.ts'
import { readById, readTurn } from './read.ts'
import type { Row } from './row.ts'

/** Every commit makes a server look again at what it remembers: reading while others publish shows what that costs. */
export const busyReadRow: Row = {
  id: 'packument-while-publishing',
  title: 'packument of 100 versions, gzip, while about 15 publishes a second come in',
  async run({ field, rounds, seconds }) {
    const read = readById('packument-100-gzip')
    if (!read) return []
    const { stowage, twoWorkers, verdaccio } = await field()
    const turns = [stowage, twoWorkers, verdaccio].map((each) =>
      whilePublishing(each, readTurn(each, read, seconds), seconds),
    )
    const title = 'packument of 100 versions, gzip, during publishes'
    return [
      { table: 'Reading while others publish', title, unit: 'requests/s', figures: await alternate(rounds, turns) },
    ]
  },
}

function whilePublishing(contestant: Contestant, turn: Turn, seconds: number): Turn {
  return {
    contestant: turn.contestant,
    async measure(round) {
      const order = { clients: 1, prefix: freshPrefix(), fileBytes: 20_000, count: seconds * 100 }
      // Longer than the reads take to start and end, so that they are never alone.
      const publishing = publishMany(contestant, { ...order, seconds: seconds + 0.5, pauseMs: 60 })
      const [sample, { published, problem }] = await Promise.all([turn.measure(round), publishing])
      if (problem !== undefined) return { ...sample, problem }
      return { ...sample, beside: { ...sample.beside, published } }
    },
  }
}
