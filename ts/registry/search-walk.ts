import type { PostingDocument } from '../metadata/package-schema.ts'
import type { RegistryStore } from './store.ts'

/** Where to look: one repository, what some audiences (or repositories' ids) find, or everything (platform admins). */
export type SearchScope =
  | { readonly kind: 'repository'; readonly repositoryId: string }
  | { readonly kind: 'audiences'; readonly audiences: readonly string[] }
  | { readonly kind: 'all' }

/** A term itself, or it and those that begin with it. */
export type Terms = { readonly is: string } | { readonly beginsWith: string }

/** In order; returns whether those were all that there are. */
export type Walk = AsyncGenerator<PostingDocument, { readonly complete: boolean }>

/** Audiences that are walked side by side; who has more walks everybody's postings and leaves out what is not its own. */
const maxStreams = 64
/** Postings of everybody's that such a walk looks at, at most. */
const maxForeign = 1000
const largestPage = 100
const smallestPage = 8

/**
 * The postings of terms in a scope: the term itself before longer ones, the best rank first, whichever audience they
 * are of. Loads little more than is taken.
 */
export function walkPostings(store: RegistryStore, scope: SearchScope, terms: Terms): Walk {
  if (scope.kind === 'all') return merge([streamOf(store, 'byTerm', {}, terms, largestPage)])
  if (scope.kind === 'repository') {
    return merge([streamOf(store, 'byRepository', { repositoryId: scope.repositoryId }, terms, largestPage)])
  }
  const { audiences } = scope
  return audiences.length > maxStreams ? walkMany(store, audiences, terms) : merge(streamsOf(store, audiences, terms))
}

/**
 * A rare term has few postings, whoever asks, so one walk over everybody's finds all of them. A frequent one is walked
 * audience by audience after that, some at a time, until the caller has enough.
 */
async function* walkMany(store: RegistryStore, audiences: readonly string[], terms: Terms): Walk {
  const open = audiences.filter(isOpen)
  const closed = audiences.filter((audience) => !isOpen(audience))
  const own = new Set(closed)
  const everybodys = onlyOf(streamOf(store, 'byTerm', {}, terms, largestPage), own)
  const { complete } = yield* merge([...streamsOf(store, open, terms), everybodys])
  if (complete) return { complete }
  for (let at = 0; at < closed.length; at += maxStreams) {
    yield* merge(streamsOf(store, closed.slice(at, at + maxStreams), terms))
  }
  return { complete: true }
}

const isOpen = (audience: string) => audience === 'public' || audience === 'internal'

/** The postings of one index in its order, a page at a time. */
type Stream = AsyncGenerator<PostingDocument[], { readonly complete: boolean }>

function streamsOf(store: RegistryStore, audiences: readonly string[], terms: Terms): Stream[] {
  const limit = Math.max(smallestPage, Math.ceil(largestPage / Math.max(1, audiences.length)))
  return audiences.map((audience) =>
    audience.startsWith('repo_')
      ? streamOf(store, 'byRepository', { repositoryId: audience }, terms, limit)
      : streamOf(store, 'byAudience', { audience }, terms, limit),
  )
}

async function* streamOf(
  { postings }: RegistryStore,
  index: 'byAudience' | 'byRepository' | 'byTerm',
  equals: Partial<PostingDocument>,
  terms: Terms,
  limit: number,
): Stream {
  let cursor: string | undefined
  do {
    const after = cursor === undefined ? {} : { after: cursor }
    const page = await postings.find(index, { ...queryOf(equals, terms), limit, ...after })
    yield page.items.map(({ value }) => value)
    cursor = page.next
  } while (cursor !== undefined)
  return { complete: true }
}

/** No character sorts after U+10FFFF, so every term that begins with the text lies between the text and that. */
function queryOf(equals: Partial<PostingDocument>, terms: Terms) {
  if ('is' in terms) return { equals: { ...equals, term: terms.is } }
  return { equals, range: { from: terms.beginsWith, before: `${terms.beginsWith}\u{10FFFF}` } }
}

async function* onlyOf(stream: Stream, own: ReadonlySet<string>): Stream {
  let looked = 0
  for await (const page of stream) {
    yield page.filter(({ audience, repositoryId }) => own.has(audience) || own.has(repositoryId))
    looked += page.length
    if (looked >= maxForeign) return { complete: false }
  }
  return { complete: true }
}

/** What is left of a stream's page, and the stream for more. */
interface Source {
  readonly stream: Stream
  page: readonly PostingDocument[]
  at: number
}

/** Of all streams together the least posting first. */
async function* merge(streams: readonly Stream[]): Walk {
  let complete = true
  const refill = async (source: Source): Promise<Source | undefined> => {
    for (;;) {
      const next = await source.stream.next()
      if (next.done) complete &&= next.value.complete
      if (next.done) return undefined
      Object.assign(source, { page: next.value, at: 0 })
      if (next.value.length > 0) return source
    }
  }
  const begun = await Promise.all(streams.map((stream) => refill({ stream, page: [], at: 0 })))
  let sources = begun.filter((source) => source !== undefined)
  for (;;) {
    const first = least(sources)
    const posting = first?.page[first.at]
    if (!first || !posting) return { complete }
    yield posting
    first.at += 1
    if (first.at < first.page.length || (await refill(first))) continue
    sources = sources.filter((source) => source !== first)
  }
}

function least(sources: readonly Source[]): Source | undefined {
  let best: Source | undefined
  for (const source of sources) if (!best || compare(headOf(source), headOf(best)) < 0) best = source
  return best
}

const headOf = ({ page, at }: Source) => page[at]

/** By term, rank and package, as the indexes are. */
function compare(a: PostingDocument | undefined, b: PostingDocument | undefined): number {
  if (!a || !b) return a ? -1 : 1
  if (a.term !== b.term) return a.term < b.term ? -1 : 1
  if (a.rank !== b.rank) return a.rank - b.rank
  return a.packageId < b.packageId ? -1 : a.packageId > b.packageId ? 1 : 0
}
