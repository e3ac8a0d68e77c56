import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openStores } from '../cli/open-stores.ts'
import { loadConfig } from '../config.ts'
import { hasCode } from '../errors.ts'
import { checkStores } from '../jobs/fsck.ts'
import { type GarbageCollector, garbageCollector } from '../jobs/gc.ts'
import type { Collection, Stored } from '../metadata/engine.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { arrangeImages } from './image-world.ts'
import { type StressClient, stressClient } from './oci-stress-client.ts'

const seconds = Number(process.env['STRESS_SECONDS'] ?? 60)
const graceSeconds = 10
const clientCount = 5
const entry = join(import.meta.dirname, '../testing/short-grace-process.ts')
const dayMs = 86_400_000

test('while images are pushed, retagged, mounted and deleted, nothing is collected that somebody was told is there, and nothing else is left', async (t) => {
  await using opened = new AsyncDisposableStack()
  const dataDir = join(opened.use(await openTestFolder()).path, 'data')
  const options = { dataDir, entry, env: { TEST_GRACE_SECONDS: String(graceSeconds), LOG_LEVEL: 'warn' } }
  const first = opened.use(await startServerProcess({ ...options, env: { ...options.env, LOG_LEVEL: 'info' } }))
  const second = opened.use(await startServerProcess({ ...options, env: { ...options.env, LOG_LEVEL: 'info' } }))
  const world = await arrangeImages(first.url, await first.adminToken())
  const stores = await openStores(loadConfig({ DATA_DIR: dataDir }))
  opened.defer(async () => {
    await stores.blobs.close()
    await stores.engine.close()
  })
  const { engine, blobs } = stores
  const images = Array.from({ length: clientCount }, (_, i) => `acme/${i % 2 ? 'open' : 'containers'}/client-${i}`)
  const contents = Array.from({ length: 12 }, (_, i) => `layer ${i} `.repeat(50 * (i + 1)))
  const clients = images.map((image) =>
    stressClient({
      urls: [first.url, second.url],
      login: world.maintainerToken,
      image,
      others: images.filter((other) => other !== image),
      contents,
      graceSeconds,
    }),
  )

  const end = Date.now() + seconds * 1000
  const collector = garbageCollector({ engine, blobs, graceSeconds })
  const [collected] = await Promise.all([
    collectUntil(collector, end),
    requestCollections(second.url, world.admin.password, end),
    ...clients.map((client) => stepUntil(client, end)),
  ])
  await Promise.all(clients.map((client) => client.pullEverything()))
  t.diagnostic(`collected ${JSON.stringify(collected)}, steps ${JSON.stringify(sumOf(clients))}`)
  assert.ok(collected.blobs > 0, 'nothing was collected while it ran')

  await Promise.all(clients.slice(0, 2).map((client) => client.deleteEverything()))
  await Promise.all([first.stop(), second.stop()])
  const later = () => Date.now() + dayMs + graceSeconds * 1000
  await garbageCollector({ engine, blobs, graceSeconds, now: later }).collect(turn)
  await requireOnlyWhatIsNamed(clients)

  /** No record and no bytes but those of the manifests that are left. */
  async function requireOnlyWhatIsNamed(left: readonly StressClient[]): Promise<void> {
    const named = new Set(
      left.flatMap(({ manifests }) => [...manifests].flatMap(([digest, p]) => [digest, ...p.digests])),
    )
    const records = await everything(engine.collection(packageSchema.blobs), 'byState')
    assert.deepEqual(records.map(({ id }) => id).sort(), [...named].sort())
    assert.deepEqual(new Set(records.map(({ value }) => value.state)), new Set(['live']))
    assert.deepEqual(
      (await blobs.list({})).items.map(({ digest }) => digest as string),
      [...named].sort(),
    )
    const links = await everything(engine.collection(imageSchema.blobLinks), 'byAge')
    const blobsOf = ({ manifests }: StressClient) =>
      new Set([...manifests.values()].flatMap(({ digests }) => digests.filter((digest) => !manifests.has(digest))))
    assert.equal(
      links.length,
      left.reduce((sum, client) => sum + blobsOf(client).size, 0),
    )
    assert.deepEqual(await everything(engine.collection(imageSchema.uploads), 'byExpiry'), [])
    assert.equal(await blobs.sweep(-60), 0, 'staging was left behind')
    const check = { engine, blobs, graceSeconds, isFast: false, repairs: false, now: Date.now, rest: async () => {} }
    assert.deepEqual(await Array.fromAsync(checkStores({ ...check, signal: turn.signal })), [])
  }
})

const turn = { signal: new AbortController().signal, restShare: 0 }

async function stepUntil(client: StressClient, end: number): Promise<void> {
  while (Date.now() < end) await client.step()
}

async function collectUntil(collector: GarbageCollector, end: number) {
  const total = { runs: 0, blobs: 0, links: 0 }
  while (Date.now() < end) {
    const run = await collector.collect(turn).catch((err) => {
      if (!hasCode(err, 'job_running')) throw err
    })
    if (run) {
      total.runs += 1
      total.blobs += run.removed.blobs
      total.links += run.removed.links
    }
    // As often as a busy machine still does something else.
    await delay(200)
  }
  return total
}

/** The server's own job, which is refused while the other one collects, and takes its turn else. */
async function requestCollections(url: string, token: string, end: number): Promise<void> {
  while (Date.now() < end) {
    const answer = await fetch(`${url}/api/v1/admin/jobs/gc/run`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    assert.ok([202, 409].includes(answer.status), `${answer.status} ${await answer.text()}`)
    await delay(1000)
  }
}

async function everything<T extends object, I extends string>(
  collection: Collection<T, I>,
  index: I,
): Promise<Stored<T>[]> {
  const found: Stored<T>[] = []
  for (let after: string | undefined; ; ) {
    const page = await collection.find(index, { limit: 1000, ...(after !== undefined && { after }) })
    found.push(...page.items)
    after = page.next
    if (after === undefined) return found
  }
}

function sumOf(clients: readonly StressClient[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const { counts } of clients)
    for (const [what, count] of Object.entries(counts)) sum[what] = (sum[what] ?? 0) + count
  return sum
}
