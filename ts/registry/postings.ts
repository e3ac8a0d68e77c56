import { createHash } from 'node:crypto'
import { isGone } from '../access/gone.ts'
import { effectiveVisibility } from '../access/visibility.ts'
import { hasCode } from '../errors.ts'
import type { OrganizationDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import type { Write } from '../metadata/engine.ts'
import type { PostingDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { isVisible } from './policy.ts'
import { termsOf } from './search-terms.ts'
import type { Package, RegistryStore } from './store.ts'
import { existing } from './swap.ts'

/** The search index: who may find a package, by which words. Derived from records, never edited in place. */
export interface Postings {
  /** Writes what the package's current record calls for. Safe to repeat. */
  refresh(pkg: Package): Promise<void>
  /** The same for every package of each repository whose visibility changed. Safe to repeat. */
  followVisibility(): Promise<void>
}

/** Who may find what a repository holds: its visibility, bounded by its organization's. */
async function audienceOf(store: RegistryStore, repositoryId: string): Promise<string | undefined> {
  const repository = await store.repositories.get(repositoryId)
  const organization = repository && (await store.organizations.get(repository.value.organizationId))
  if (!repository || !organization || isGone(repository.value) || isGone(organization.value)) return undefined
  return audienceIn(organization, repository.value)
}

/** The audience of what a repository of this organization holds. */
export function audienceIn(
  organization: { readonly id: string; readonly value: Pick<OrganizationDocument, 'visibility'> },
  repository: Pick<RepositoryDocument, 'visibility'>,
): string {
  const visibility = effectiveVisibility(organization.value, repository)
  return visibility === 'private' ? organization.id : visibility
}

/** All postings of a visible package by their ids; its audience as `PostingDocument` says. */
export function postingsOf(pkg: Pick<Package, 'id' | 'value'>, audience: string): Map<string, PostingDocument> {
  const { repositoryId } = pkg.value
  const postings = new Map<string, PostingDocument>()
  for (const [term, rank] of termsOf(pkg.value)) {
    postings.set(`${pkg.id}.${digest(audience, term, rank)}`, {
      audience,
      repositoryId,
      term,
      rank,
      packageId: pkg.id,
    })
  }
  return postings
}

export function postingsWriter(store: RegistryStore): Postings {
  async function stored(packageId: string): Promise<Set<string>> {
    const ids = new Set<string>()
    let cursor: string | undefined
    do {
      const after = cursor === undefined ? {} : { after: cursor }
      const page = await store.postings.find('byPackage', { equals: { packageId }, limit: 1000, ...after })
      for (const item of page.items) ids.add(item.id)
      cursor = page.next
    } while (cursor !== undefined)
    return ids
  }

  async function wanted(pkg: Package): Promise<Map<string, PostingDocument>> {
    const audience = isVisible(pkg.value) ? await audienceOf(store, pkg.value.repositoryId) : undefined
    return audience === undefined ? new Map() : postingsOf(pkg, audience)
  }

  async function refreshOnce(pkg: Package): Promise<void> {
    const [have, want] = await Promise.all([stored(pkg.id), wanted(pkg)])
    const writes: Write[] = []
    for (const id of have) if (!want.has(id)) writes.push({ kind: 'delete', in: packageSchema.postings, id })
    for (const [id, value] of want) {
      if (!have.has(id)) writes.push({ kind: 'insert', in: packageSchema.postings, id, value })
    }
    if (writes.length > 0) await store.engine.batch(writes)
  }

  async function refresh(pkg: Package): Promise<void> {
    let current = pkg
    for (;;) {
      await refreshOnce(current)
      // Whoever finishes last looks again, so that of two refreshes at once the newer record decides.
      const newer = await existing(store, current.id)
      if (newer.revision === current.revision) return
      current = newer
    }
  }

  async function refreshAll(repositoryId: string) {
    let cursor: string | undefined
    do {
      const after = cursor === undefined ? {} : { after: cursor }
      const page = await store.packages.find('byName', { equals: { repositoryId }, limit: 200, ...after })
      for (const pkg of page.items) await refresh(pkg)
      cursor = page.next
    } while (cursor !== undefined)
  }

  return {
    refresh,
    async followVisibility() {
      const changed = await store.repositories.find('byRepost', { limit: 100 })
      for (const { id, revision, value } of changed.items) {
        await refreshAll(id)
        const { repostSince: _, ...done } = value
        // Changed again meanwhile: it stays marked, and the next round follows.
        await store.repositories.update(id, revision, done).catch(unlessStale)
      }
    },
  }
}

function unlessStale(err: unknown) {
  if (!hasCode(err, 'revision_stale')) throw err
}

/** Short and fixed in length: a term may be long, and ids hold no term in clear. */
function digest(audience: string, term: string, rank: number): string {
  return createHash('sha256').update(`${audience}\0${term}\0${rank}`).digest('base64url').slice(0, 16)
}
