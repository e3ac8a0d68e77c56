import type { CollectionSpec, MetadataEngine } from '../metadata/engine.ts'
import { collections } from '../metadata/schema.ts'

/**
 * The names of all collections with documents that have one of these texts in their id or value, but those given. What no
 * index holds is not seen: a collection without indexes, a document without indexed fields.
 */
export async function collectionsThatMention(
  engine: MetadataEngine,
  texts: readonly string[],
  except: readonly string[] = [],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const spec of collections) {
    if (!except.includes(spec.name) && (await mentions(engine, spec, texts))) found.push(spec.name)
  }
  return found
}

async function mentions(engine: MetadataEngine, spec: CollectionSpec<never>, texts: readonly string[]) {
  const collection = engine.collection(spec)
  for (const index of Object.keys(spec.indexes)) {
    let after: string | undefined
    do {
      const page = await collection.find(index, { limit: 1000, ...(after !== undefined && { after }) })
      for (const document of page.items) {
        const json = JSON.stringify(document)
        if (texts.some((text) => json.includes(text))) return true
      }
      after = page.next
    } while (after !== undefined)
  }
  return false
}
