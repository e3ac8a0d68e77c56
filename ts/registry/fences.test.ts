import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as packageSchema from '../metadata/package-schema.ts'
import { stoppedEngine } from '../testing/dying-engine.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { removeFences } from './fences.ts'
import type { PublishRequest } from './publish-request.ts'
import { openRegistryStore } from './store.ts'

const dayMs = 24 * 3_600_000
const complete = (t: TestRegistry) => t.another().completeUnfinished(Date.now() + 1)

const counts = async (t: TestRegistry) => ({
  packages: await t.engine.collection(packageSchema.packages).count('byName', {}),
  units: await t.engine.collection(packageSchema.units).count('byKey', {}),
  files: await t.engine.collection(packageSchema.files).count('byName', {}),
  intents: await t.intents(),
})

/** Does this once, however often it is reached. */
function once(work: () => Promise<unknown>): () => Promise<void> {
  let isDone = false
  return async () => {
    if (isDone) return
    isDone = true
    await work()
  }
}

/** The publish with more files than the engine finds or removes at once, all of the same bytes. */
async function withManyFiles(request: PublishRequest): Promise<PublishRequest> {
  const [file] = request.files
  assert.ok(file)
  const { staged, ...stored } = file
  await staged?.commit()
  return { ...request, files: Array.from({ length: 1100 }, (_, i) => ({ ...stored, name: `${i}` })) }
}

describe('a publisher that was stopped until the completion job took it back', () => {
  for (const stoppedAt of ['files-referenced', 'insert'] as const) {
    test(`at "${stoppedAt}" publishes all the same, with a reference to its file`, async () => {
      await using t = await openTestRegistry()
      const takeBack = once(() => complete(t))
      const engine = stoppedEngine(t.engine, async ({ kind, collection }) => {
        if (stoppedAt === 'insert' && kind === 'insert' && collection === 'units') await takeBack()
      })
      const slow = t.another(async (step) => {
        if (step === stoppedAt) await takeBack()
      }, engine)
      const { unit } = await slow.publish(await aPublish(t, 'lib', '1.0.0'))
      const files = await t.engine.collection(packageSchema.files).find('byUnit', { equals: { unitId: unit.id } })
      assert.deepEqual(
        files.items.map(({ value }) => value.name),
        ['lib-1.0.0.tgz'],
      )
      await slow.settled()
      assert.deepEqual(await counts(t), { packages: 1, units: 1, files: 1, intents: 0 })
      assert.equal(await complete(t), 0)
    })
  }

  test('again and again is told to publish again, and has left nothing', async () => {
    await using t = await openTestRegistry()
    const slow = t.another(async (step) => {
      if (step === 'files-referenced') await complete(t)
    })
    await assert.rejects(slow.publish(await aPublish(t, 'lib', '1.0.0')), {
      code: 'unavailable',
      details: { retryAfterSeconds: 10 },
    })
    assert.deepEqual(await counts(t), { packages: 1, units: 0, files: 0, intents: 0 })
  })

  test('and that finds its version published by another is refused', async () => {
    await using t = await openTestRegistry()
    const first = await aPublish(t, 'lib', '1.0.0')
    const takeBack = once(async () => {
      await complete(t)
      await t.another().publish(first)
    })
    const slow = t.another(async (step) => {
      if (step === 'files-referenced') await takeBack()
    })
    await assert.rejects(slow.publish(await aPublish(t, 'lib', '1.0.0')), { code: 'version_exists' })
    assert.deepEqual(await counts(t), { packages: 1, units: 1, files: 1, intents: 0 })
  })
})

test('a fence stands for a day, and goes with what was written behind it', async () => {
  await using t = await openTestRegistry()
  const dying = t.another(async (step) => {
    if (step === 'files-referenced') throw new Error('the process died')
  })
  await assert.rejects(dying.publish(await aPublish(t, 'lib', '1.0.0')), /died/)
  const [intent] = (await t.engine.collection(packageSchema.intents).find('byAge', {})).items
  assert.ok(intent)
  await complete(t)
  const late = { packageId: intent.value.packageId, unitId: intent.id, name: 'late', digest: 'd', sizeBytes: 1 }
  await t.engine.collection(packageSchema.files).insert('late', late)
  const store = openRegistryStore(t.engine, () => ({ description: '', keywords: [], authors: [] }))
  const fences = () => t.engine.collection(packageSchema.fences).count('byFence', {})
  await removeFences(store, Date.now() + dayMs - 60_000)
  assert.equal(await fences(), 1)
  assert.equal(await store.units.get(intent.id), undefined)
  await removeFences(store, Date.now() + dayMs + 60_000)
  assert.equal(await fences(), 0)
  assert.equal((await counts(t)).files, 0)
})

describe('a publish that is refused leaves no reference and no intent', () => {
  test('when the store cannot hold its unit, however many files it has', async () => {
    await using t = await openTestRegistry()
    const request = await withManyFiles(await aPublish(t, 'lib', '1.0.0', { subject: '\ud800' }))
    await assert.rejects(t.registry.publish(request), { code: 'payload_invalid' })
    assert.deepEqual(await counts(t), { packages: 1, units: 0, files: 0, intents: 0 })
  })

  test('nor a package when the unit would be too large, and says what is', async () => {
    await using t = await openTestRegistry()
    const request = await aPublish(t, 'lib', '1.0.0', { metadata: { text: 'x'.repeat(8 << 20) } })
    const refusal = { code: 'document_too_large', message: /^What lib 1\.0\.0 says .* 1 files takes 838\d+ bytes/ }
    await assert.rejects(t.registry.publish(request), refusal)
    assert.deepEqual(await counts(t), { packages: 0, units: 0, files: 0, intents: 0 })
  })
})

test('a deleted version keeps none of its references, however many it has', async () => {
  await using t = await openTestRegistry()
  const { package: pkg, unit } = await t.registry.publish(await withManyFiles(await aPublish(t, 'lib', '1.0.0')))
  assert.equal((await counts(t)).files, 1100)
  await t.registry.delete(pkg, [unit], { actor: 'usr_test', requestId: 'req_test' })
  assert.equal((await counts(t)).files, 0)
})
