import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { PackageDocument } from '../../metadata/schema.ts'
import { marksOf } from '../../registry/policy.ts'
import type { Package } from '../../registry/store.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { requireTag, requireVersion } from './names.ts'
import { parseTagMap } from './package-update.ts'
import { printTags } from './packument.ts'
import { authorOf, findPackage, type NpmContext } from './place.ts'

/** `npm dist-tag`. Answers of changes are objects with members: an empty one is a failure to some clients. */
export function distTags(deps: ProtocolDeps) {
  const { registry, limits } = deps

  /** Replaces tags in one swap; the versions must be there when it commits. */
  async function change(c: NpmContext, edit: (tags: Map<string, string>) => void) {
    const found = await findPackage(c, deps, 'write')
    await registry.edit(found.package, { kind: 'tag' }, authorOf(c), (current) => {
      const tags = new Map(current.tags)
      edit(tags)
      requireLive(current, tags)
      return { tags: [...tags], owners: current.owners, marks: current.marks }
    })
    return c.json({ ok: true, id: found.name.name })
  }

  async function requireVersions(pkg: Package, tags: ReadonlyMap<string, string>) {
    for (const version of new Set(tags.values())) {
      if (await registry.packages.unit(pkg, version)) continue
      throw new RegistryError('version_unknown', `There is no version ${version} of ${pkg.value.name}.`)
    }
  }

  function readTags(body: unknown): Map<string, string> {
    return new Map(parseTagMap(body).map(([tag, version]) => [tag, requireVersion(version, `["${tag}"]`)]))
  }

  return {
    async list(c: NpmContext) {
      const { package: pkg } = await findPackage(c, deps, 'read')
      return c.body(printTags(pkg.value), 200, { 'content-type': 'application/json' })
    },

    /** The body is a JSON string: `"1.2.3"`. */
    async set(c: NpmContext) {
      const tag = requireTag(c.req.param('tag'), 'tag')
      const version = requireVersion(await readJson(c, limits), 'version')
      const { package: pkg } = await findPackage(c, deps, 'write')
      await requireVersions(pkg, new Map([[tag, version]]))
      return change(c, (tags) => tags.set(tag, version))
    },

    async remove(c: NpmContext) {
      const tag = c.req.param('tag') ?? ''
      if (tag === 'latest') {
        throw new RegistryError(
          'payload_invalid',
          'The tag "latest" cannot be removed; point it at another version with "npm dist-tag add <name>@<version> latest".',
          { field: 'tag' },
        )
      }
      const { package: pkg } = await findPackage(c, deps, 'write')
      if (!new Map(pkg.value.tags).has(tag)) {
        throw new RegistryError('version_unknown', `${pkg.value.name} has no tag "${tag}".`)
      }
      return change(c, (tags) => tags.delete(tag))
    },

    /** PUT replaces all tags, `latest` excepted when the body leaves it out. */
    async replace(c: NpmContext) {
      const sent = readTags(await readJson(c, limits))
      const { package: pkg } = await findPackage(c, deps, 'write')
      await requireVersions(pkg, sent)
      return change(c, (tags) => {
        for (const tag of [...tags.keys()]) if (tag !== 'latest') tags.delete(tag)
        for (const [tag, version] of sent) tags.set(tag, version)
      })
    },

    /** POST adds to the tags that are there. */
    async merge(c: NpmContext) {
      const sent = readTags(await readJson(c, limits))
      const { package: pkg } = await findPackage(c, deps, 'write')
      await requireVersions(pkg, sent)
      return change(c, (tags) => {
        for (const [tag, version] of sent) tags.set(tag, version)
      })
    },
  }
}

/** A version may have been deleted since it was looked up; the record that is swapped decides. */
function requireLive(pkg: PackageDocument, tags: ReadonlyMap<string, string>): void {
  const marks = marksOf(pkg)
  for (const version of tags.values()) {
    if (marks.get(version)?.deletedAt === undefined) continue
    throw new RegistryError('version_unknown', `${pkg.name} ${version} was deleted.`)
  }
}
