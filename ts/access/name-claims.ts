import { hasCode, RegistryError } from '../errors.ts'
import { repositories as repositoriesSpec } from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type ImageNameDocument, imageNameId, imageNames } from '../metadata/image-schema.ts'
import { packages as packagesSpec } from '../metadata/package-schema.ts'
import { present } from './gone.ts'

/** How often a push says again that it is there. */
const touchEveryMs = 5 * 60_000
/** How many are looked at in one go. */
const pageSize = 500

/** How long a claim stands that is untouched and holds nothing: what was let in before is done by then. */
const graceMs = 15 * 60_000

type Claimant = ImageNameDocument['claimedBy']

/** Do packages of the protocol and its repositories share one space of names in an organization? */
export type SharesNames = (protocol: string) => boolean

/**
 * Who has a name where packages of an organization's default repository and its other repositories share one space of
 * names: a repository, or packages whose names begin with it. One record a name, so that neither takes the other's later.
 * Who has nothing of the name any more, and did not touch it for a quarter of an hour, gives way. A default repository's
 * own name is nobody's: no claim is asked for.
 */
export interface NameClaims {
  /** Before a package is pushed to the default repository, by the first component of its name. Throws `name_taken`. */
  claimForPackages(organizationId: string, protocol: string, name: string): Promise<void>
  /**
   * Removes claims that hold nothing and were not touched for a quarter of an hour, of the next 500 there are; after the
   * last it begins anew. Resolves to how many. `protocol`: the one that shares names.
   */
  forgetEmpty(protocol: string): Promise<number>
}

/** The same for whoever makes and frees repositories; protocols that share no names are passed over. */
export interface RepositoryClaims extends NameClaims {
  /** Before the repository is made. Throws `name_taken`. */
  claimForRepository(organizationId: string, protocol: string, name: string): Promise<void>
  /** When there is no such repository any more. Repeating it is success. */
  release(organizationId: string, protocol: string, name: string): Promise<void>
  /** Of an organization that is being deleted. Resolves to how many there were, of at most 1000. */
  forgetAll(organizationId: string): Promise<number>
}

interface Wanted {
  readonly organizationId: string
  readonly protocol: string
  readonly name: string
}

/** Claims in the collection of names. `now`: epoch milliseconds; for tests. */
export function nameClaims(engine: MetadataEngine, sharesNames: SharesNames, now = Date.now): RepositoryClaims {
  const names = engine.collection(imageNames)
  const repositories = engine.collection(repositoriesSpec)
  const packages = engine.collection(packagesSpec)

  async function repositoryOf({ organizationId, protocol, name }: Wanted) {
    const { items } = await repositories.find('byName', { equals: { organizationId, protocol, name }, limit: 1 })
    return items[0]
  }

  /** Is there a package of this name, or one that begins with it? Those that are empty do not count. */
  async function hasPackages({ name, ...where }: Wanted): Promise<boolean> {
    const repository = present(await repositoryOf({ ...where, name: where.protocol }))
    if (!repository) return false
    const equals = { repositoryId: repository.id }
    // `0` is what comes after the slash.
    for (const range of [
      { from: name, to: name },
      { from: `${name}/`, before: `${name}0` },
    ]) {
      for (let after: string | undefined; ; ) {
        const page = await packages.find('byName', {
          equals,
          range,
          limit: 100,
          ...(after !== undefined && { after }),
        })
        if (page.items.some(({ value }) => value.published > (value.removed ?? 0))) return true
        if (page.next === undefined) break
        after = page.next
      }
    }
    return false
  }

  /** A repository that was deleted holds its name until that is freed. */
  const holds = async (claimant: Claimant, wanted: Wanted) =>
    claimant === 'images' ? hasPackages(wanted) : (await repositoryOf(wanted)) !== undefined

  /** False when somebody else was faster. */
  async function tryTaking(claimant: Claimant, wanted: Wanted): Promise<boolean> {
    const { organizationId, name } = wanted
    const id = imageNameId(organizationId, name)
    const claim = { organizationId, name, claimedBy: claimant, touchedAt: now() }
    const known = await names.get(id)
    if (!known) return isWon(names.insert(id, claim))
    const { claimedBy, touchedAt } = known.value
    const age = claim.touchedAt - touchedAt
    if (claimedBy === claimant) return age < touchEveryMs || isWon(names.update(id, known.revision, claim))
    if (age < graceMs || (await holds(claimedBy, wanted))) throw taken(claimedBy, name)
    return isWon(names.update(id, known.revision, claim))
  }

  async function isEmpty({ value }: Stored<ImageNameDocument>, protocol: string): Promise<boolean> {
    const { organizationId, name, claimedBy, touchedAt } = value
    return now() - touchedAt >= graceMs && !(await holds(claimedBy, { organizationId, protocol, name }))
  }

  let lookedAt: string | undefined

  async function take(claimant: Claimant, wanted: Wanted): Promise<void> {
    if (wanted.name === wanted.protocol || !sharesNames(wanted.protocol)) return
    for (;;) if (await tryTaking(claimant, wanted)) return
  }

  return {
    claimForPackages: (organizationId, protocol, name) => take('images', { organizationId, protocol, name }),
    claimForRepository: (organizationId, protocol, name) => take('repository', { organizationId, protocol, name }),

    async forgetEmpty(protocol) {
      if (!sharesNames(protocol)) return 0
      const after = lookedAt === undefined ? {} : { after: lookedAt }
      const { items, next } = await names.find('byName', { limit: pageSize, ...after })
      lookedAt = next
      let removed = 0
      for (const claim of items) {
        // By its revision: whoever touched it meanwhile keeps it.
        if ((await isEmpty(claim, protocol)) && (await isWon(names.delete(claim.id, claim.revision)))) removed++
      }
      return removed
    },

    async release(organizationId, protocol, name) {
      const known = sharesNames(protocol) ? await names.get(imageNameId(organizationId, name)) : undefined
      if (known?.value.claimedBy === 'repository') await isWon(names.delete(known.id, known.revision))
    },

    async forgetAll(organizationId) {
      const { items } = await names.find('byName', { equals: { organizationId }, limit: 1000 })
      for (const { id } of items) await names.delete(id)
      return items.length
    },
  }
}

async function isWon(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (err) {
    if (hasCode(err, 'document_exists', 'revision_stale')) return false
    throw err
  }
}

function taken(claimedBy: Claimant, name: string): RegistryError {
  const whose =
    claimedBy === 'images'
      ? `images of the organization's default repository are called "${name}" or "${name}/…", or were a quarter of an hour ago. Choose another name, or delete those images and try again later.`
      : `a repository of the organization has it. Push to that repository, with a further name after "${name}/", or choose another name.`
  return new RegistryError('name_taken', `The name "${name}" is taken: ${whose}`, { field: 'name' })
}
