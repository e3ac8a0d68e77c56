import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Contestant } from './contestants/contestant.ts'
import { type GeneratedPackage, publishBody } from './packages.ts'
import type { PublishOrder, PublishReport } from './publish-client.ts'

const program = fileURLToPath(new URL('publish-client.ts', import.meta.url))

/** Publishes from a process of its own, so that its work stops nobody's event loop here. */
export async function publishMany(
  to: Contestant,
  order: Omit<PublishOrder, 'registry' | 'headers'>,
): Promise<PublishReport> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify({ ...order, registry: to.registry, headers: to.headers }))
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`The publishing client for ${to.name} ended with ${code}`)
  return JSON.parse(Buffer.concat(pieces).toString())
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
