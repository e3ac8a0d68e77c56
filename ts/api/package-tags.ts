import { pageQuery } from '../../ts_interfaces/common.ts'
import * as interfaces from '../../ts_interfaces/packages.ts'
import { actorOf } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import { replacingTags, versionsNamed } from '../registry/package-tags.ts'
import { etagOf, packageEtag, revisionToMatch } from './etag.ts'
import { authorOf, packagePermission } from './package-entry.ts'
import { tagsOf } from './package-tag-access.ts'
import { storePage } from './page-of.ts'
import { pathParam } from './permissions.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'

/** The tags of a package: all in its record, or each a record of its own. */
export function packageTagRoutes(deps: ApiDeps): Route[] {
  const { registry } = deps
  const may = packagePermission(deps)

  return [
    route(
      'GET /packages/:id/tags',
      may('read'),
      {
        summary: 'The tags of a package; of an image in pages',
        query: pageQuery,
        answer: interfaces.packageTagPage,
        hasEtag: true,
      },
      async ({ on, query }) => {
        const { items, ...more } = await tagsOf(registry, on.protocol).list(on.package, storePage(query))
        const body = { tags: [...items], ...more }
        return { body, etag: packageEtag(on, body) }
      },
    ),
    route(
      'PUT /packages/:id/tags',
      may('write'),
      {
        summary: 'Sets, moves and removes tags; `latest` stays. Tags of images are set one by one',
        body: interfaces.packageTags,
        answer: interfaces.packageTags,
        hasEtag: true,
        refusals: [412, 422],
      },
      async ({ on, body, principal, c }) => {
        if (on.protocol.rules.hasTagRecords) throw oneByOne()
        const tags = new Map(
          body.tags.map(({ tag, version }, i) => [on.protocol.rules.checkTag(tag, `tags[${i}].tag`), version]),
        )
        if (tags.size < body.tags.length) throw invalid('tags', 'A tag names one version; one is there twice.')
        await versionsNamed(registry.packages, on.package, tags.values())
        const what = { kind: 'tag' as const, revision: revisionToMatch(c, on.package) }
        const { value, ...edited } = await registry.edit(on.package, what, authorOf(principal, c), replacingTags(tags))
        return { body: { tags: value.tags.map(([tag, version]) => ({ tag, version })) }, etag: etagOf(edited) }
      },
    ),
    route(
      'PUT /packages/:id/tags/:tag',
      may('write'),
      { summary: 'Sets or moves a tag', body: interfaces.newPackageTag, answer: interfaces.packageTag },
      async ({ on, body: { version }, principal, c }) => ({
        body: await tagsOf(registry, on.protocol).set(
          on.package,
          on.protocol.rules.checkTag(tagIn(c), 'tag'),
          version,
          authorOf(principal, c),
          actorOf(principal),
        ),
      }),
    ),
    route(
      'DELETE /packages/:id/tags/:tag',
      may('delete'),
      { summary: 'Removes a tag; what it names stays' },
      async ({ on, principal, c }) => {
        await tagsOf(registry, on.protocol).remove(on.package, tagIn(c), authorOf(principal, c))
        return undefined
      },
    ),
  ]
}

function tagIn(c: ApiContext): string {
  return pathParam(c, 'tag')
}

function oneByOne(): RegistryError {
  const message = 'An image may have any number of tags: set and remove them one by one, at /packages/{id}/tags/{tag}.'
  return new RegistryError('unprocessable', message, { field: 'tags' })
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
