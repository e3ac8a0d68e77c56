import type { Terminal } from './terminal.ts'

/** What a field of a result may be; `undefined`: it has none; `null`: it can be set, and is not. */
export type Fact = string | number | boolean | Date | readonly (string | Facts)[] | null | undefined

/** One thing that a command tells of, by field; its JSON is these fields, times in ISO 8601. */
export interface Facts {
  readonly [field: string]: Fact
}

interface Format {
  readonly json?: true
}

/** Prints a list: an array of all fields as JSON, else the named fields as aligned columns below their headings. */
export function printTable<F extends Facts>(
  terminal: Terminal,
  rows: readonly F[],
  columns: readonly (keyof F & string)[],
  { json }: Format,
): void {
  if (json) terminal.print(JSON.stringify(rows))
  else if (rows.length === 0) terminal.note('There are none.')
  else {
    const lines = rows.map((row) => columns.map((column) => cellOf(row[column])))
    for (const line of aligned([columns.map(headingOf), ...lines])) terminal.print(line)
  }
}

/** Prints one thing: its fields as JSON, else a line each. Fields without a value are left out. */
export function printFacts(terminal: Terminal, facts: Facts, { json }: Format): void {
  const present = Object.entries(facts).filter(([, fact]) => fact !== undefined)
  if (json) terminal.print(JSON.stringify(facts))
  else for (const line of aligned(present.map(([name, fact]) => [wordsOf(name), cellOf(fact)]))) terminal.print(line)
}

/** Prints what was done: the thing's fields as JSON, else the sentence. */
export function printDone(terminal: Terminal, sentence: string, facts: Facts, { json }: Format): void {
  terminal.print(json ? JSON.stringify(facts) : sentence)
}

function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = (lines[0] ?? []).map((_, i) => lines.reduce((width, line) => Math.max(width, widthOf(line[i])), 0))
  return lines.map((line) =>
    line
      .map((cell, i) => padded(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)))
}

/** In code points, which a terminal shows one place each as a rule. */
function widthOf(cell = ''): number {
  return [...cell].length
}

function headingOf(name: string): string {
  return wordsOf(name).toUpperCase()
}

/** `displayName` as "display name", `isActive` as "active", `createdAt` as "created". */
function wordsOf(name: string): string {
  const bare = name.replace(/^is(?=[A-Z])|At$/g, '')
  return bare.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase()
}

/** What people wrote may hold line ends, escape sequences and marks that turn the direction of text: none reaches the terminal. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu

function cellOf(fact: Fact): string {
  if (fact === undefined) return ''
  if (fact === null) return '–'
  if (typeof fact === 'boolean') return fact ? 'yes' : 'no'
  if (fact instanceof Date) return `${fact.toISOString().slice(0, 16)}Z`
  if (typeof fact === 'object') return fact.map(partOf).join(', ')
  return String(fact).replace(unprintable, ' ').trim()
}

/** Of a list: `{ organization: 'acme', role: 'owner' }` as "acme owner". */
function partOf(part: string | Facts): string {
  return typeof part === 'string' ? cellOf(part) : Object.values(part).map(cellOf).join(' ')
}
