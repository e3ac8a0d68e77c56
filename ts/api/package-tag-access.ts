import type { PackageTag } from '../../ts_interfaces/packages.ts'
import type { Actor } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { Author } from '../registry/edit.ts'
import { retagging, versionsNamed } from '../registry/package-tags.ts'
import type { Registry } from '../registry/registry.ts'
import type { Package } from '../registry/store.ts'
import { timeOf } from './page-of.ts'
import { pullsBody } from './version-body.ts'

type Given = Pick<Registry, 'packages' | 'images' | 'edit'>

/** The tags of packages, wherever they stand. */
export interface PackageTagAccess {
  list(pkg: Package, page: { readonly limit: number; readonly after?: string }): Promise<TagPage>
  /** What a person installs who wants the newest: a tag, or a version. */
  installed(pkg: Package): Promise<string>
  /** Throws `version_unknown`, `access_denied` for a tag that stays where it is. */
  set(pkg: Package, tag: string, version: string, author: Author, by: Actor): Promise<PackageTag>
  /** Throws `version_unknown` when there is none, `access_denied` for one that stays. */
  remove(pkg: Package, tag: string, author: Author): Promise<void>
}

interface TagPage {
  readonly items: readonly PackageTag[]
  readonly next?: string
}

/** The tags of packages of a protocol. */
export function tagsOf(registry: Given, { rules }: Protocol): PackageTagAccess {
  return rules.hasTagRecords ? tagRecords(registry) : listedTags(registry)
}

/** Tags in the record of the package, in the order in which they were made; a page has all. */
function listedTags(registry: Given): PackageTagAccess {
  return {
    list: async ({ value }) => ({ items: value.tags.map(([tag, version]) => ({ tag, version })) }),
    installed: async ({ value }) => value.facts.version,

    async set(pkg, tag, version, author) {
      await versionsNamed(registry.packages, pkg, [version])
      const setting = retagging((tags) => void tags.set(tag, version))
      await registry.edit(pkg, { kind: 'tag' }, author, setting)
      return { tag, version }
    },

    async remove(pkg, tag, author) {
      const removing = retagging((tags) => {
        if (!tags.delete(tag)) throw noSuchTag(pkg, tag)
      })
      await registry.edit(pkg, { kind: 'tag' }, author, removing)
    },
  }
}

/** Tags that are records of their own, by name. */
function tagRecords({ images }: Given): PackageTagAccess {
  return {
    async list(pkg, { limit, after }) {
      const { items, hasMore } = await images.tags.list(pkg, { limit, ...(after !== undefined && { after }) })
      const names = items.map(({ tag }) => tag)
      const pulled = await images.pulls.of(pkg.id, names)
      const tags = items.map(({ tag, digest: version, updatedAt }) => {
        return { tag, version, updatedAt: timeOf(updatedAt), ...pullsBody(pulled.get(tag)) }
      })
      const last = hasMore ? names.at(-1) : undefined
      return { items: tags, ...(last !== undefined && { next: last }) }
    },

    async installed(pkg) {
      if (await images.tags.find(pkg, 'latest')) return 'latest'
      const { version } = pkg.value.facts
      const newest = await images.manifests.byDigest(pkg, version)
      const [tag] = newest ? await images.tags.of(newest) : []
      return tag?.tag ?? version
    },

    async set(pkg, tag, version, author, { name: actorName }) {
      const manifest = await images.manifests.byDigest(pkg, version)
      const isSet = manifest && (await images.tags.set(pkg, tag, manifest, { ...author, actorName }))
      if (!isSet) throw new RegistryError('version_unknown', `${pkg.value.name} has no manifest ${version}.`)
      const set = await images.tags.find(pkg, tag)
      const pulled = (await images.pulls.of(pkg.id, [tag])).get(tag)
      return { tag, version, ...(set && { updatedAt: timeOf(set.updatedAt) }), ...pullsBody(pulled) }
    },

    async remove(pkg, tag, author) {
      if (!(await images.tags.delete(pkg, tag, author))) throw noSuchTag(pkg, tag)
    },
  }
}

function noSuchTag(pkg: Package, tag: string): RegistryError {
  return new RegistryError('version_unknown', `${pkg.value.name} has no tag "${tag}".`)
}
