import type { Page, Stored, UnfitRecord } from '../../metadata/engine.ts'
import type {
  AuditCheckpointDocument,
  AuditEntryDocument,
  AuditStreamDocument,
} from '../../metadata/platform-schema.ts'
import type { PageRequest } from './walk.ts'

/** A page of records that may have been changed behind the engine's back. */
export interface CheckedPage<T> extends Page<T> {
  /** Left out of `items`: no JSON, or no document of its collection. */
  readonly unreadable: readonly string[]
  /** Among `items`: indexed by other values than they have. */
  readonly misplaced: readonly string[]
  /** From how many records the items up to this one, which is among them, were read. */
  rowsTo(id: string): number
}

type Find<T> = (query: { readonly unfit: (record: UnfitRecord) => void }) => Promise<Page<T>>

/** Reads a page and sets aside what is no document, instead of failing. */
export async function checkedPage<T>(find: Find<T>, isDocument: (value: T) => boolean): Promise<CheckedPage<T>> {
  const told: UnfitRecord[] = []
  const page = await find({ unfit: (record) => told.push(record) })
  const broken = page.items.filter(({ value }) => !isDocument(value)).map(({ id }) => id)
  const lost = told.filter(({ kind }) => kind === 'unreadable')
  return {
    ...page,
    items: page.items.filter(({ id }) => !broken.includes(id)),
    unreadable: [...lost.map(({ id }) => id), ...broken],
    misplaced: told.filter(({ id, kind }) => kind === 'misplaced' && !broken.includes(id)).map(({ id }) => id),
    rowsTo(id) {
      const used = page.items.findIndex((item) => item.id === id) + 1
      return lost.reduce((rows, { row }) => (row < rows ? rows + 1 : rows), used)
    },
  }
}

const pageItems = 500

/** All of a query in checked pages. */
export async function* checkedPages<T>(
  find: (query: PageRequest & { readonly unfit: (record: UnfitRecord) => void }) => Promise<Page<T>>,
  isDocument: (value: T) => boolean,
): AsyncGenerator<CheckedPage<T>> {
  for (let after: string | undefined; ; ) {
    const from = { limit: pageItems, ...(after !== undefined && { after }) }
    const page = await checkedPage<T>((query) => find({ ...query, ...from }), isDocument)
    yield page
    after = page.next
    if (after === undefined) return
  }
}

/** The one document of a query; `undefined` when there is none or it cannot be read. */
export async function checkedOne<T>(find: Find<T>, isDocument: (value: T) => boolean): Promise<Stored<T> | undefined> {
  return (await checkedPage(find, isDocument)).items[0]
}

const entryTexts = [
  'stream',
  'previous',
  'action',
  'outcome',
  'actorKind',
  'actorId',
  'actorName',
  'address',
  'userAgent',
  'targetKind',
  'targetId',
  'targetName',
  'requestId',
] as const
const entryNumbers = ['sequence', 'settled', 'count'] as const

export function isEntry(entry: AuditEntryDocument): boolean {
  return hasTexts(entry, entryTexts) && hasNumbers(entry, entryNumbers) && isTime(entry.at)
}

export function isStream(record: AuditStreamDocument): boolean {
  return hasTexts(record, ['stream', 'process', 'hash']) && hasNumbers(record, ['sequence', 'checkpoint', 'startedAt'])
}

export function isCheckpoint(checkpoint: AuditCheckpointDocument): boolean {
  const { heads } = checkpoint
  return (
    hasTexts(checkpoint, ['previous', 'keyId', 'signature']) &&
    hasNumbers(checkpoint, ['sequence', 'at']) &&
    Array.isArray(heads) &&
    heads.every((head: unknown) => Array.isArray(head) && typeof head[0] === 'string' && Number.isInteger(head[1]))
  )
}

function hasTexts<K extends string>(value: { readonly [key in K]?: unknown }, keys: readonly K[]): boolean {
  return keys.every((key) => typeof value[key] === 'string')
}

function hasNumbers<K extends string>(value: { readonly [key in K]?: unknown }, keys: readonly K[]): boolean {
  return keys.every((key) => typeof value[key] === 'number')
}

/** What a date can be made of. */
function isTime(at: unknown): boolean {
  return typeof at === 'number' && Math.abs(at) <= 8.64e15
}
