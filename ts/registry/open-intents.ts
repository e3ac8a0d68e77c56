import type { IntentDocument } from '../metadata/package-schema.ts'
import type { RegistryStore } from './store.ts'

/** The changes of a package that have begun and not ended, by the ids of their intents. There are few at any time. */
export async function openIntents(
  store: RegistryStore,
  packageId: string,
): Promise<ReadonlyMap<string, IntentDocument>> {
  const open = new Map<string, IntentDocument>()
  for (let after: string | undefined; ; ) {
    const page = await store.intents.find('byAge', { limit: 1000, ...(after !== undefined && { after }) })
    for (const { id, value } of page.items) if (value.packageId === packageId) open.set(id, value)
    after = page.next
    if (after === undefined) return open
  }
}
