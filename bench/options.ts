import { parseArgs } from 'node:util'
import { rows } from './rows/all.ts'
import type { Row } from './rows/row.ts'

export interface BenchOptions {
  readonly rows: readonly Row[]
  readonly seconds: number
  readonly rounds: number
  readonly quick: boolean
  readonly markdown: boolean
  readonly json: string | undefined
}

/** What `--help` prints. */
export const help = `npm run bench -- [--only ROW,…] [--seconds N] [--rounds N] [--quick] [--markdown] [--json FILE]

  --only      only rows whose name begins so, several separated by commas
  --seconds   how long each contestant is driven in a round (default 5; with --quick 1)
  --rounds    how often they take turns (default 3, at least 3)
  --quick     short rounds, 20,000 packages instead of 1,000,000 and 1,000 tags instead of 10,000
  --markdown  tables in Markdown, as in docs/performance.md
  --json      writes every sample to a file

Rows:
${rows.map(({ id, title }) => `  ${id.padEnd(27)} ${title}`).join('\n')}
`

/** Throws with one sentence at what it does not understand. `undefined`: help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    rows: chosenRows(values.only),
    seconds: whole('--seconds', values.seconds ?? (values.quick ? '1' : '5'), 1),
    rounds: whole('--rounds', values.rounds ?? '3', 3),
    quick: values.quick,
    markdown: values.markdown,
    json: values.json,
  }
}

function chosenRows(only: string | undefined): readonly Row[] {
  if (only === undefined) return rows
  const wanted = only.split(',').filter((word) => word !== '')
  const unknown = wanted.filter((word) => !rows.some((row) => row.id.startsWith(word)))
  if (unknown.length > 0) throw new Error(`--only: no row begins with ${unknown.join(', ')}; --help lists them.`)
  return rows.filter((row) => wanted.some((word) => row.id.startsWith(word)))
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  throw new Error(`${option} is a whole number of at least ${least}, not "${text}".`)
}
