import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import { retagging, versionsNamed } from '../../registry/package-tags.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { requireTag, requireVersion } from './names.ts'
import { parseTagMap } from './package-update.ts'
import { printTags } from './packument.ts'
import { authorOf, findPackage, type NpmContext } from './place.ts'

/** `npm dist-tag`. Answers of changes are objects with members: an empty one is a failure to some clients. */
export function distTags(deps: ProtocolDeps) {
  const { registry, limits } = deps

  /** Changes tags in one swap; the versions of `set` must be there when it commits. */
  async function change(c: NpmContext, set: ReadonlyMap<string, string>, edit: (tags: Map<string, string>) => void) {
    const found = await findPackage(c, deps, 'write')
    await versionsNamed(registry.packages, found.package, set.values())
    await registry.edit(
      found.package,
      { kind: 'tag' },
      authorOf(c),
      retagging((tags) => {
        edit(tags)
        for (const [tag, version] of set) tags.set(tag, version)
      }),
    )
    return c.json({ ok: true, id: found.name.name })
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
      return change(c, new Map([[tag, version]]), () => {})
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
      return change(c, new Map(), (tags) => tags.delete(tag))
    },

    /** PUT replaces all tags, `latest` excepted when the body leaves it out. */
    async replace(c: NpmContext) {
      return change(c, readTags(await readJson(c, limits)), (tags) => {
        for (const tag of [...tags.keys()]) if (tag !== 'latest') tags.delete(tag)
      })
    },

    /** POST adds to the tags that are there. */
    async merge(c: NpmContext) {
      return change(c, readTags(await readJson(c, limits)), () => {})
    },
  }
}
