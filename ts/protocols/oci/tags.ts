import { createHash } from 'node:crypto'
import { rememberedFor } from '../../access/remembering.ts'
import { sendDocument } from '../../http/send-document.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { versionHeader } from './answers.ts'
import { unknownImage } from './manifests.ts'
import { nextPage, pageSize } from './paging.ts'
import { enterImage, type OciContext } from './place.ts'

const mostTags = 10_000

/** Tags of an image in byte order; `last` need not be one. */
export function tags(deps: ProtocolDeps) {
  const { registry } = deps
  return {
    async list(c: OciContext) {
      const place = await enterImage(c, deps, 'pull')
      const limit = pageSize(c, mostTags)
      const pkg = await registry.packages.find(place.repository.id, place.image)
      if (!pkg) throw unknownImage(place)
      const after = c.req.query('last')
      const { items, hasMore } =
        limit === 0
          ? { items: [], hasMore: false }
          : await registry.images.tags.list(pkg, { limit, ...(after !== undefined && { after }) })
      const found = items.map(({ tag }) => tag)
      const last = hasMore ? found.at(-1) : undefined
      const next = last === undefined ? {} : nextPage(c, `${place.name}/tags/list`, { n: String(limit), last })
      return sendList(c, { name: place.name, tags: found }, next)
    },
  }
}

/** A list as JSON, with an entity tag, remembered while nothing changes. */
export function sendList(
  c: OciContext,
  list: object,
  headers: Readonly<Record<string, string>>,
  contentType = 'application/json',
): Response {
  const body = Buffer.from(JSON.stringify(list))
  const hash = createHash('sha256')
    .update(body)
    .update(headers['link'] ?? '')
    .digest('base64url')
  return sendDocument(c, {
    body,
    etag: `"${hash}"`,
    contentType,
    encoding: 'identity',
    headers: { ...versionHeader, ...headers },
    ...rememberedFor(c.var.principal),
  })
}
