import { runClient } from './clients.ts'
import type { Contestant } from './contestants/contestant.ts'
import { type GeneratedPackage, publishBody } from './packages.ts'
import type { PublishOrder, PublishReport } from './publish-client.ts'

/** Publishes from a process of its own, so that its work stops nobody's event loop here. */
export async function publishMany(
  to: Contestant,
  order: Omit<PublishOrder, 'registry' | 'headers'>,
): Promise<PublishReport> {
  return runClient<PublishOrder, PublishReport>('publish-client.ts', {
    ...order,
    registry: to.registry,
    headers: to.headers,
  })
}

/** Publishes versions in order; throws at the first that is refused. */
export async function publishAll(to: Contestant, versions: Iterable<GeneratedPackage>): Promise<void> {
  for (const each of versions) {
    const response = await fetch(`${to.registry}/${each.name}`, {
      method: 'PUT',
      headers: { ...to.headers, 'content-type': 'application/json' },
      body: publishBody(each),
    })
    const said = await response.text()
    if (!response.ok) throw new Error(`${to.name} refused ${each.name}@${each.version}: ${response.status} ${said}`)
  }
}
