import type { Page, Stored } from '../../metadata/engine.ts'
import { type ImageTagDocument, tagId } from '../../metadata/image-schema.ts'
import type { RegistryStore } from '../store.ts'
import type { Tag, Tags } from './images.ts'

const pageLength = 1000

/** Reading tags. */
export function tagReads({ imageTags }: RegistryStore): Pick<Tags, 'list' | 'find' | 'of'> {
  return {
    async list(pkg, { after, limit }) {
      const items: Tag[] = []
      let from = after?.toWellFormed()
      for (;;) {
        // One more than wanted tells whether there are more.
        const page = await imageTags.find('byTag', {
          equals: { packageId: pkg.id },
          ...(from !== undefined && { range: { after: from } }),
          limit: Math.min(pageLength, limit - items.length + 1),
        })
        for (const { value } of page.items) {
          if (items.length === limit) return { items, hasMore: true }
          items.push(tagOf(value))
        }
        from = items.at(-1)?.tag
        if (page.next === undefined) return { items, hasMore: false }
      }
    },

    async find(pkg, tag) {
      const found = tag.isWellFormed() ? await imageTags.get(tagId(pkg.id, tag)) : undefined
      return found && tagOf(found.value)
    },

    async of({ unitId }) {
      const items: Tag[] = []
      for (let after: string | undefined; ; ) {
        const page: Page<ImageTagDocument> = await imageTags.find('byUnit', {
          equals: { unitId },
          limit: pageLength,
          ...(after !== undefined && { after }),
        })
        items.push(...page.items.map(({ value }: Stored<ImageTagDocument>) => tagOf(value)))
        after = page.next
        if (after === undefined) return items
      }
    },
  }
}

function tagOf({ tag, digest, updatedAt, createdAt, actorName }: ImageTagDocument): Tag {
  return { tag, digest, updatedAt, createdAt, actorName }
}
