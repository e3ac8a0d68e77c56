import type { AuditEntryDocument } from '../../metadata/platform-schema.ts'
import { sequenceOf } from './store.ts'

const columns = [
  'at',
  'action',
  'outcome',
  'count',
  'actorKind',
  'actorId',
  'actorName',
  'tokenId',
  'targetKind',
  'targetId',
  'targetName',
  'address',
  'userAgent',
  'requestId',
  'details',
  'stream',
  'sequence',
  'previous',
] as const

/** The first line of a CSV export (RFC 4180), with its end. */
export const csvHead = `${columns.join(',')}\r\n`

/** One entry as a line of CSV, with its end; times are ISO 8601. */
export function csvLine(entry: AuditEntryDocument): string {
  const values = { ...entry, at: new Date(entry.at).toISOString(), details: detailsOf(entry) }
  return `${columns.map((column) => csvField(String(values[column] ?? ''))).join(',')}\r\n`
}

/** In place of an entry that cannot be read. */
export function csvUnreadable(id: string): string {
  const values: Partial<Record<string, string>> = {
    action: '(unreadable)',
    stream: id.slice(0, id.lastIndexOf('.')),
    sequence: String(sequenceOf(id)),
  }
  return `${columns.map((column) => csvField(values[column] ?? '')).join(',')}\r\n`
}

function detailsOf({ details }: AuditEntryDocument): string {
  return details === undefined ? '' : JSON.stringify(details)
}

/**
 * A spreadsheet takes what begins with one of these for a formula, also behind white space, and would run it. An
 * apostrophe in front makes it text.
 */
function csvField(text: string): string {
  const safe = /^\s*[=+\-@|%\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text
  return /[",\r\n;\t]|^\s|\s$|^'/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
