import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as packageSchema from '../metadata/package-schema.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import type { PublishStep } from './publish-request.ts'
import type { Registry } from './registry.ts'

const steps: PublishStep[] = [
  'policies',
  'blobs-kept',
  'files-referenced',
  'unit-inserted',
  'package-swapped',
  'finished',
]
const inserted = new Set<PublishStep>(steps.slice(steps.indexOf('unit-inserted')))
const visible = new Set<PublishStep>(steps.slice(steps.indexOf('package-swapped')))

/** Publishes `lib 1.0.0` and dies after the step. */
async function publishAndDie(t: TestRegistry, step: PublishStep) {
  const dying = t.another((at) => {
    if (at === step) throw new Error('the process died')
  })
  await assert.rejects(dying.publish(await aPublish(t, 'lib', '1.0.0')), /the process died/)
}

async function versions(registry: Registry, t: TestRegistry): Promise<string[]> {
  const pkg = await registry.packages.find(t.repository.id, 'lib')
  const found: string[] = []
  if (pkg) for await (const page of registry.packages.units(pkg)) found.push(...page.map((unit) => unit.value.version))
  return found
}

const logged = async (t: TestRegistry) =>
  (await t.registry.changes.after(t.repository.id, 0)).map((change) => [change.sequence, ...change.unitKeys])

describe('a publisher that dies', () => {
  for (const step of steps) {
    test(`after "${step}": a reader sees the version whole or not at all`, async () => {
      await using t = await openTestRegistry()
      await publishAndDie(t, step)
      assert.deepEqual(await versions(t.another(), t), visible.has(step) ? ['1.0.0'] : [])
    })

    test(`after "${step}": the next publisher of another version goes on, and both numbers are in order`, async () => {
      await using t = await openTestRegistry()
      await publishAndDie(t, step)
      await t.another().publish(await aPublish(t, 'lib', '1.1.0'))
      assert.deepEqual(await versions(t.another(), t), inserted.has(step) ? ['1.0.0', '1.1.0'] : ['1.1.0'])
    })

    test(`after "${step}": publishing the same version again is refused exactly when it was inserted`, async () => {
      await using t = await openTestRegistry()
      await publishAndDie(t, step)
      const again = t.another().publish(await aPublish(t, 'lib', '1.0.0'))
      if (inserted.has(step)) await assert.rejects(again, { code: 'version_exists' })
      else await again
      assert.deepEqual(await versions(t.another(), t), ['1.0.0'])
    })

    test(`after "${step}": the job completes it or clears it away, and the log has it once`, async () => {
      await using t = await openTestRegistry()
      await publishAndDie(t, step)
      await t.another().completeUnfinished(Date.now() + 1)
      await t.another().completeUnfinished(Date.now() + 1)
      assert.deepEqual(await versions(t.another(), t), inserted.has(step) ? ['1.0.0'] : [])
      assert.deepEqual(await logged(t), inserted.has(step) ? [[1, '1.0.0']] : [])
      const references = await t.engine.collection(packageSchema.files).count('byName', {})
      assert.equal(references, inserted.has(step) ? 1 : 0)
      assert.equal(await t.intents(), 0)
    })
  }

  test('a job that runs while the publisher is alive leaves young work alone', async () => {
    await using t = await openTestRegistry()
    await publishAndDie(t, 'files-referenced')
    assert.equal(await t.another().completeUnfinished(Date.now() - 20_000), 0)
    assert.equal(await t.intents(), 1)
  })
})

describe('racing publishers', () => {
  test('of fifty for one version exactly one wins, and the others leave nothing', async () => {
    await using t = await openTestRegistry()
    const requests = await Promise.all(Array.from({ length: 50 }, () => aPublish(t, 'lib', '1.0.0')))
    const outcomes = await Promise.allSettled(requests.map((request) => t.registry.publish(request)))
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    assert.equal(lost.length, 49)
    for (const { reason } of lost) assert.equal(reason.code, 'version_exists')
    assert.deepEqual(await versions(t.another(), t), ['1.0.0'])
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 1)
    assert.equal(await t.intents(), 0)
  })

  test('fifty different versions of one package are all there, in a log without holes', async () => {
    await using t = await openTestRegistry()
    const requests = await Promise.all(Array.from({ length: 50 }, (_, i) => aPublish(t, 'lib', `1.0.${i}`)))
    await Promise.all(requests.map((request, i) => (i % 2 ? t.registry : t.another()).publish(request)))
    assert.equal((await versions(t.another(), t)).length, 50)
    const sequences = (await t.registry.changes.after(t.repository.id, 0)).map((change) => change.sequence)
    assert.deepEqual(
      sequences,
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
  })

  test('an answered publish is visible to the next read of another process', async () => {
    await using t = await openTestRegistry()
    const reader = t.another()
    for (let i = 0; i < 20; i++) {
      await t.registry.publish(await aPublish(t, 'lib', `1.0.${i}`))
      assert.equal((await versions(reader, t)).length, i + 1)
    }
  })
})

describe('publishing', () => {
  test('the version, its tag, its owner and its file appear together', async () => {
    await using t = await openTestRegistry()
    await t.registry.publish(await aPublish(t, 'lib', '1.0.0-beta.1', { tags: ['next'] }))
    const pkg = await t.registry.packages.find(t.repository.id, 'lib')
    assert.ok(pkg)
    assert.deepEqual(Object.fromEntries(pkg.value.tags), { next: '1.0.0-beta.1', latest: '1.0.0-beta.1' })
    assert.deepEqual(pkg.value.owners, ['usr_test'])
    const file = await t.registry.packages.file(pkg, 'lib-1.0.0-beta.1.tgz')
    assert.equal(file?.unit.value.version, '1.0.0-beta.1')
  })

  test('a refusal by policy keeps no bytes and makes no package', async () => {
    await using t = await openTestRegistry()
    const strict = { ...t.repository, value: { ...t.repository.value, requiresApproval: true } }
    const request = await aPublish(t, 'lib', '1.0.0', { repository: strict })
    await assert.rejects(t.registry.publish(request), { code: 'access_denied' })
    await Promise.all(request.files.map((file) => file.staged?.discard()))
    assert.deepEqual((await t.blobs.list({})).items, [])
    assert.equal(await t.engine.collection(packageSchema.packages).count('byName', {}), 0)
  })

  test('a name that differs in separators alone is refused where the repository says so', async () => {
    await using t = await openTestRegistry()
    const strict = { ...t.repository, value: { ...t.repository.value, refusesSimilarNames: true } }
    await t.registry.publish(await aPublish(t, 'cross-env', '1.0.0', { repository: strict }))
    await assert.rejects(t.registry.publish(await aPublish(t, 'crossenv', '1.0.0', { repository: strict })), {
      code: 'name_taken',
    })
    await t.registry.publish(await aPublish(t, 'crossenv', '1.0.0'))
  })
})
