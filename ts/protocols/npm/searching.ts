import { packageDeprecation } from '../../registry/deprecation.ts'
import type { SearchHit as RegistryHit, SearchScope } from '../../registry/search.ts'
import type { ProtocolDeps } from '../protocol.ts'
import type { Person } from './packument.ts'
import type { NpmContext } from './place.ts'
import { anchorOf, fulfils, parseSearchRequest, type SearchHit, searchAnswer } from './search-query.ts'
import { npmUnit } from './unit.ts'

/** `npm search`: what the caller may read, below a repository's address in that repository alone. */
export function searching({ access, registry }: ProtocolDeps) {
  /** People by user id, asked once per search. */
  function peopleBook() {
    const personOf = onceEach(async (id): Promise<Person | undefined> => {
      const user = await access.users.get(id)
      return user && { name: user.value.username, email: user.value.email }
    })
    return async (ids: readonly string[]): Promise<Person[]> => {
      const people = await Promise.all(ids.map(personOf))
      return people.filter((person) => person !== undefined)
    }
  }

  async function scopeOf(c: NpmContext): Promise<SearchScope> {
    const { organization, repository } = c.var.address
    const { principal } = c.var
    if (organization !== undefined && repository !== undefined) {
      const entered = await access.enter(principal, 'read', { protocol: 'npm', organization, repository })
      return { kind: 'repository', repositoryId: entered.repository.id }
    }
    const audiences = await access.audiences(principal)
    return audiences.includes('all') ? { kind: 'all' } : { kind: 'audiences', audiences }
  }

  async function printHit(hit: RegistryHit, people: ReturnType<typeof peopleBook>): Promise<SearchHit> {
    const { value } = hit.package
    const unit = await registry.packages.unit(hit.package, value.facts.version)
    const manifest = unit ? npmUnit(unit.value).manifest : {}
    const publisher = unit ? npmUnit(unit.value).publisher : undefined
    return {
      name: value.name,
      version: value.facts.version,
      description: value.facts.description,
      keywords: value.facts.keywords,
      date: new Date(unit?.value.createdAt ?? value.updatedAt).toISOString(),
      maintainers: await people(value.owners),
      links: linksOf(manifest),
      score: 1 / (1 + hit.rank),
      ...(publisher && { publisher }),
    }
  }

  return async (c: NpmContext) => {
    const query = parseSearchRequest(c.req.query())
    const { principal } = c.var
    const people = peopleBook()
    const organizationOf = onceEach((id) => access.organizations.get(id))
    const anchor = anchorOf(query)
    const result = await registry.search({
      scope: await scopeOf(c),
      protocol: 'npm',
      text: query.text,
      ...(anchor === undefined ? {} : { anchor }),
      async matches(pkg) {
        if (query.qualifiers.length === 0) return true
        const maintainers = (await people(pkg.owners)).map((person) => person.name)
        const { version, keywords, authors } = pkg.facts
        return fulfils(query, {
          name: pkg.name,
          version,
          keywords,
          authors,
          maintainers,
          deprecated: packageDeprecation(pkg) !== undefined,
        })
      },
      async mayRead(repository, pkg) {
        const organization = await organizationOf(repository.value.organizationId)
        if (!organization) return false
        return (await access.can(principal, 'read', { organization, repository }, pkg.name)).allowed
      },
      from: query.from,
      size: query.size,
    })
    const hits = await Promise.all(result.hits.map((hit) => printHit(hit, people)))
    return c.json(searchAnswer(hits, result.total, new Date().toISOString()))
  }
}

/** Loads each id once. */
function onceEach<T>(load: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>()
  return (id) => {
    const loaded = known.get(id) ?? load(id)
    known.set(id, loaded)
    return loaded
  }
}

function linksOf(manifest: Readonly<Record<string, unknown>>): {
  homepage?: string
  repository?: string
  bugs?: string
} {
  const links: { homepage?: string; repository?: string; bugs?: string } = {}
  for (const field of ['homepage', 'repository', 'bugs'] as const) {
    const value = Object.hasOwn(manifest, field) ? manifest[field] : undefined
    const url = typeof value === 'object' && value !== null && 'url' in value ? value.url : value
    if (typeof url === 'string') links[field] = url
  }
  return links
}
