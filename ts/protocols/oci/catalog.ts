import type { Access, Entered } from '../../access/access.ts'
import { RegistryError } from '../../errors.ts'
import type { Registry } from '../../registry/registry.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { nextPage, pageSize } from './paging.ts'
import type { OciContext } from './place.ts'
import { sendList } from './tags.ts'

const mostNames = 1000
const batch = 1000
/** Looked at for one page: a reader of few among many gets pages that are not full. */
const maxLookedAt = 10_000

interface Found {
  readonly names: readonly string[]
  /** Where the walk stopped, when there may be more. */
  readonly stoppedAt?: string
}

/** Names of the images that the caller may pull, in byte order. */
export function catalog({ registry, access }: ProtocolDeps) {
  return async (c: OciContext) => {
    requireCatalog(c)
    const limit = pageSize(c, mostNames)
    const { last, cursor } = c.req.query()
    const after = cursor === undefined ? last : access.cursors.open('catalog', cursor)
    const { names, stoppedAt } = limit === 0 ? { names: [] } : await walk(c, registry, access, { limit, after })
    return sendList(c, { repositories: names }, linkAfter(c, access, limit, names, stoppedAt))
  }
}

/** Whoever is asked for nothing would never sign in, so would never see what is not public. */
function requireCatalog(c: OciContext): void {
  const { principal } = c.var
  const { grant } = principal
  if (grant ? grant.scopes.some(({ kind }) => kind === 'catalog') : principal.kind !== 'anonymous') return
  throw new RegistryError('auth_required', 'Sign in first: run "docker login", or the like of your client.')
}

/** The last name that was given out says where to go on; a place that may not be told is sealed. */
function linkAfter(
  c: OciContext,
  access: Access,
  limit: number,
  names: readonly string[],
  stoppedAt: string | undefined,
) {
  if (stoppedAt === undefined) return {}
  const n = String(limit)
  if (stoppedAt === names.at(-1)) return nextPage(c, '_catalog', { n, last: stoppedAt })
  return nextPage(c, '_catalog', { n, cursor: access.cursors.seal('catalog', stoppedAt) })
}

/**
 * Until one more was found than is wanted: that something hidden comes after the last name is no reason for a link. At
 * the bound of what is looked at there is one always.
 */
async function walk(
  c: OciContext,
  registry: Registry,
  access: Access,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<Found> {
  const names: string[] = []
  const placeOf = places(access)
  let stoppedAt = after
  for (let lookedAt = 0; lookedAt < maxLookedAt; ) {
    const page = await registry.images.list({
      protocol: 'oci',
      limit: batch,
      ...(stoppedAt !== undefined && { after: stoppedAt }),
    })
    for (const { value } of page.items) {
      const entered = await placeOf(value.repositoryId)
      stoppedAt = value.path ?? value.name
      if (entered && (await access.can(c.var.principal, 'read', entered, value.name)).allowed) names.push(stoppedAt)
      if (names.length > limit) return pageOf(names.slice(0, limit), names[limit - 1])
    }
    lookedAt += page.lookedAt
    if (page.next === undefined) return { names }
    stoppedAt = page.next
  }
  return pageOf(names, stoppedAt)
}

function pageOf(names: readonly string[], stoppedAt: string | undefined): Found {
  return { names, ...(stoppedAt !== undefined && { stoppedAt }) }
}

/** Repositories with their organizations, each read once. */
function places(access: Access): (repositoryId: string) => Promise<Entered | undefined> {
  const known = new Map<string, Promise<Entered | undefined>>()
  async function load(id: string): Promise<Entered | undefined> {
    const repository = await access.repositories.get(id)
    const organization = repository && (await access.organizations.get(repository.value.organizationId))
    return repository && organization && { repository, organization }
  }
  return (id) => {
    const place = known.get(id) ?? load(id)
    known.set(id, place)
    return place
  }
}
