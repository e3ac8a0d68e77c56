import { names } from './contestants/contestant.ts'
import { amount, type Figure, type Line, middle, percent, ratio } from './results.ts'

const order: readonly string[] = Object.values(names)
/** Whom Stowage is compared with in a column of its own. */
const rivals: readonly string[] = [names.verdaccio, names.distribution]

/** All lines as Markdown tables, one a group of lines that share their contestants. */
export function markdownReport(lines: readonly Line[]): string {
  return tablesOf(lines)
    .map(({ title, cells }) => `### ${title}\n\n${markdownTable(cells)}\n`)
    .join('\n')
}

/** The same for a terminal: columns padded to their widest cell. */
export function textReport(lines: readonly Line[]): string {
  return tablesOf(lines)
    .map(({ title, cells }) => `${title}\n${textTable(cells)}\n`)
    .join('\n')
}

interface Table {
  readonly title: string
  readonly cells: readonly (readonly string[])[]
}

function tablesOf(lines: readonly Line[]): Table[] {
  const byTitle = Map.groupBy(lines, (line) => line.table)
  return [...byTitle].map(([title, own]) => ({ title, cells: cellsOf(own) }))
}

function cellsOf(lines: readonly Line[]): string[][] {
  const found = new Set(lines.flatMap((line) => line.figures.map((figure) => figure.contestant)))
  const contestants = [...found].toSorted((a, b) => place(a) - place(b))
  const rival = contestants.includes(names.stowage) ? rivals.find((each) => contestants.includes(each)) : undefined
  const versus = rival === undefined ? [] : [`Stowage : ${rival}`]
  const head = ['', 'unit', ...contestants, ...versus, 'aim', 'reached', '']
  return [head, ...lines.map((line) => cellsOfLine(line, contestants, rival))]
}

/** Those without a place of their own go last, in the order in which they were measured. */
function place(contestant: string): number {
  const at = order.indexOf(contestant)
  return at < 0 ? order.length : at
}

function cellsOfLine(line: Line, contestants: readonly string[], rival: string | undefined): string[] {
  const figures = contestants.map((name) => figureText(line.figures.find((each) => each.contestant === name)))
  const times = rival === undefined ? undefined : ratio(line.figures, names.stowage, rival)
  const versus = rival === undefined ? [] : [times === undefined ? '–' : ratioText(times)]
  const { aim } = line
  const verdict = aim ? [aim.text, aim.reached, aim.met ? 'met' : '**missed**'] : ['', '', '']
  return [line.title, line.unit, ...figures, ...versus, ...verdict]
}

function ratioText(times: number): string {
  return times < 10 ? `${times.toFixed(2)} ×` : `${amount(times)} ×`
}

function figureText(figure: Figure | undefined): string {
  if (!figure) return '–'
  if (figure.problem !== undefined) return `invalid: ${figure.problem}`
  const value = middle([figure], figure.contestant)
  if (value === undefined) return '–'
  const beside = Object.entries(figure.beside ?? {}).map(([name, text]) => `${name} ${text}`)
  return beside.length > 0 ? `${amount(value)} (${beside.join(', ')})` : amount(value)
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n')
}

function textTable(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)))
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** How many of the aims were met. */
export function aimsLine(lines: readonly Line[]): string {
  const aims = lines.flatMap(({ aim }) => (aim ? [aim] : []))
  const met = aims.filter((aim) => aim.met).length
  return aims.length === 0 ? '' : `${met} of ${aims.length} aims met (${percent(met / aims.length)})`
}
