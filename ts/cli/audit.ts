import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { AuditEntry } from '../../ts_interfaces/audit.ts'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import type { AuditExportFormat } from '../access/audit/export.ts'
import type { AuditAnchor, AuditReport } from '../access/audit/findings.ts'
import type { AuditFilter, AuditPage } from '../access/audit/query.ts'
import { shownEntry } from '../api/audit-entry.ts'
import { milliseconds } from './options.ts'
import type { Terminal } from './terminal.ts'
import { withAudit } from './with-audit.ts'

interface FilterOptions {
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly from?: number
  readonly to?: number
}
interface ListOptions extends FilterOptions {
  readonly limit: number
  readonly after?: string
  readonly json?: true
}
interface VerifyOptions {
  readonly anchor?: AuditAnchor
  readonly json?: true
}
interface ExportOptions extends FilterOptions {
  readonly format: AuditExportFormat
  readonly output?: string
}

/** Adds `stowage audit list`, `verify` and `export`. */
export function auditCommand(program: Command, terminal: Terminal): void {
  const audit = program.command('audit').description('who did what: the audit trail').helpCommand(false)
  filterOptions(audit.command('list').description('list entries, newest first'))
    .option('--limit <count>', 'how many at most, 1 to 1000', Number, 100)
    .option('--after <cursor>', 'go on behind the list before')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage audit list --actor jane --from 7d')
    .action((options: ListOptions) => listEntries(options, terminal))
  audit
    .command('verify')
    .description('find what was changed, removed or reordered; exits with 1 when there is something')
    .option('--anchor <sequence:hash>', 'the anchor that an earlier verification printed', anchor)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage audit verify --json')
    .action((options: VerifyOptions) => verify(options, terminal))
  filterOptions(audit.command('export').description('write entries out; all of them, as NDJSON, are their own proof'))
    .addOption(new Option('--format <name>', 'of the lines').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--output <file>', 'a new file (default: standard output)')
    .addHelpText('after', '\nExample:\n  $ stowage audit export --format csv --from 2026-11-01 --output audit.csv')
    .action((options: ExportOptions) => exportEntries(options, terminal))
}

function filterOptions(command: Command): Command {
  return command
    .option('--actor <name>', 'who did it: a username, or the id of a user or robot')
    .option('--action <name>', 'what was done, such as package.publish')
    .option('--target <id>', 'what it was done to')
    .option('--from <time>', 'since then: 2026-11-21, 2026-11-21T12:00Z, or 7d for the last seven days', moment)
    .option('--to <time>', 'before then', moment)
}

function moment(text: string): number {
  try {
    if (!/^\d{4}-/.test(text)) return Date.now() - milliseconds(text)
  } catch {
    throw notMoment()
  }
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw notMoment()
  return time
}

function notMoment(): InvalidArgumentError {
  return new InvalidArgumentError(
    'It must be a time such as 2026-11-21 or 2026-11-21T12:00Z, or a duration such as 7d.',
  )
}

function anchor(text: string): AuditAnchor {
  const [, sequence, hash] = /^([1-9]\d*):([0-9a-f]{64})$/.exec(text) ?? []
  if (sequence !== undefined && hash !== undefined) return { sequence: Number(sequence), hash }
  throw new InvalidArgumentError('It must be a number, a colon and 64 hexadecimal digits, as verify prints it.')
}

async function listEntries({ limit, after, json, ...options }: ListOptions, terminal: Terminal): Promise<void> {
  await withAudit(terminal.env, async (trail) => {
    const filter = await filterOf(options, trail)
    const page = await trail.query({ ...filter, limit, ...(after !== undefined && { after }) })
    if (json) terminal.print(JSON.stringify(page.items.map(shownEntry)))
    else printEntries(page, terminal)
    notePage(page, terminal)
  })
}

const columns = ['TIME', 'ACTOR', 'ACTION', 'TARGET', 'OUTCOME', 'ADDRESS', 'DETAILS']

function printEntries({ items }: AuditPage, terminal: Terminal): void {
  const lines = [columns, ...items.map((entry) => cellsOf(shownEntry(entry)))]
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)))
  for (const cells of lines) {
    const padded = cells.map((cell, i) => cell.padEnd(widths[i] ?? 0))
    terminal.print(padded.join('  ').trimEnd())
  }
}

function notePage({ next, endedEarly, unreadable }: AuditPage, terminal: Terminal): void {
  for (const id of unreadable) terminal.note(`Entry ${id} cannot be read and is left out: see stowage audit verify.`)
  if (endedEarly) terminal.note('Looking ended early: few entries match.')
  if (next !== undefined) terminal.note(`There may be more: --after ${next}`)
}

/** What clients wrote may hold line ends, escape sequences and marks that turn text round: none reaches the terminal. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu

function cellsOf({ at, actor, action, target, outcome, count, address, details = {} }: AuditEntry): string[] {
  const shownOutcome = count === 1 ? outcome : `${outcome} (${count} times)`
  const who = actor.kind === 'user' ? actor.name : partyCell(actor)
  const cells = [at, who, action, partyCell(target), shownOutcome, address, detailsCell(details)]
  return cells.map((cell) => cell.replace(unprintable, ' ').trim())
}

/** `package lib`; of the platform, and whatever is alone of its kind, the kind. */
function partyCell({ kind, name }: AuditEntry['target']): string {
  return kind === name ? kind : `${kind} ${name}`
}

const mostDetails = 100

/** `member jane, role admin`. */
function detailsCell(details: NonNullable<AuditEntry['details']>): string {
  const text = Object.entries(details)
    .map(([key, value]) => `${key} ${wordsOf(value)}`)
    .join(', ')
  return text.length > mostDetails ? `${text.slice(0, mostDetails - 1)}…` : text
}

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name)
  return JSON.stringify(value)
}

async function verify({ anchor: earlier, json }: VerifyOptions, terminal: Terminal): Promise<void> {
  const report = await withAudit(terminal.env, (trail) => trail.verify(earlier))
  if (json) terminal.print(JSON.stringify(report))
  else printReport(report, terminal)
  const count = report.findings.length + report.moreFindings
  if (count > 0)
    throw new Error(`The audit trail is not as it was written: ${count} ${count === 1 ? 'finding' : 'findings'}.`)
}

function printReport(report: AuditReport, terminal: Terminal): void {
  for (const { stream, words } of report.findings) terminal.print(`${stream}: ${words}`)
  for (const { stream, words } of report.notes) terminal.note(`${stream}: ${words}`)
  const { streams, entries, checkpoints, unsignedEntries, moreFindings } = report
  if (moreFindings > 0) terminal.print(`${moreFindings} findings more are not listed.`)
  if (report.findings.length === 0) terminal.print('Nothing was changed, removed or reordered.')
  terminal.print(
    `Read: ${streams} streams, ${entries} entries (${unsignedEntries} not signed yet), ${checkpoints} checkpoints.`,
  )
  if (report.anchor) terminal.print(`Anchor: ${report.anchor.sequence}:${report.anchor.hash}`)
}

async function exportEntries({ format, output, ...options }: ExportOptions, terminal: Terminal): Promise<void> {
  await withAudit(terminal.env, async (trail) => {
    const lines = trail.export(format, await filterOf(options, trail))
    if (output !== undefined) {
      await writeNew(output, lines)
      return terminal.note(`Written to ${output}.`)
    }
    for await (const line of lines) terminal.print(line.replace(/\n$/, ''))
  })
}

/** Refuses a file that exists; what it holds names people and addresses, so it is its owner's alone. */
async function writeNew(file: string, lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  } catch (err) {
    if (!(err instanceof Error && 'code' in err && err.code === 'EEXIST')) throw err
    throw new Error(`The file ${file} exists already and was left as it is. Name a new one.`)
  }
}

async function filterOf({ actor, ...rest }: FilterOptions, trail: AuditTrail): Promise<AuditFilter> {
  return { ...rest, ...(actor !== undefined && (await trail.whoIs(actor))) }
}
