import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { hasCode } from '../errors.ts'
import type { PublishStep } from '../registry/publish-request.ts'
import { collectionsThatMention } from '../testing/mentions.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { atOnce, deletionDeps, ended, isAtEnd, runToTheEnd } from './deletion-testing.ts'
import { advanceDeletions } from './deletions.ts'

const steps: PublishStep[] = [
  'policies',
  'blobs-kept',
  'files-referenced',
  'unit-inserted',
  'package-swapped',
  'finished',
]

/** Everything of the test registry's repository but its own record, by the words that only it has. */
async function leftovers({ engine, repository }: TestRegistry): Promise<readonly string[]> {
  return collectionsThatMention(engine, [repository.id, 'pkg_', 'unt_', 'stg_'], ['repositories'])
}

describe('a publish while the repository is deleted', () => {
  test('is answered and swept, or refused: of fifty at once nothing is left', async () => {
    await using t = await openTestRegistry()
    const { deletions } = deletionDeps(t.engine)
    const names = Array.from({ length: 50 }, (_, i) => `lib-${i % 5}`)
    const requests = await Promise.all(names.map((name, i) => aPublish(t, name, `1.0.${i}`)))
    const registries = [t.registry, t.another()]
    const answered = requests.map(async (request, i) => {
      for (let turn = 0; turn < 4 * i; turn++) await setImmediate()
      return registries[i % 2]?.publish(request)
    })
    const publishing = Promise.allSettled(answered)
    await Promise.race(answered)
    await deletions.beginRepository(t.repository.id)
    await runToTheEnd(t.engine)
    const outcomes = await publishing
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    for (const reason of refused) assert.ok(hasCode(reason, 'repository_unknown'), String(reason))
    assert.ok(refused.length > 0 && refused.length < 50, `${refused.length} of 50 were refused`)
    await t.intents()
    assert.deepEqual(await leftovers(t), [])
  })

  for (const step of steps) {
    test(`that hangs after "${step}" is refused when it goes on, and leaves nothing`, async () => {
      await using t = await openTestRegistry()
      const reached = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      const slow = t.another(async (at) => {
        if (at !== step) return
        reached.resolve()
        await goOn.promise
      })
      const publishing = assert.rejects(slow.publish(await aPublish(t, 'lib', '1.0.0')), { code: 'repository_unknown' })
      await reached.promise
      await deletionDeps(t.engine).deletions.beginRepository(t.repository.id)
      for (let i = 0; i < 5; i++) await advanceDeletions(deletionDeps(t.engine), ended, atOnce)
      goOn.resolve()
      await publishing
      await runToTheEnd(t.engine)
      await t.intents()
      assert.deepEqual(await leftovers(t), [])
    })

    test(`whose process dies after "${step}" leaves nothing once the completion job has come by`, async () => {
      await using t = await openTestRegistry()
      const mortal = t.another((at) => {
        if (at === step) throw new Error('the process died')
      })
      await assert.rejects(mortal.publish(await aPublish(t, 'lib', '1.0.0')), /the process died/)
      await deletionDeps(t.engine).deletions.beginRepository(t.repository.id)
      for (let i = 0; i < 5; i++) await advanceDeletions(deletionDeps(t.engine), ended, atOnce)
      // It does not end before what was begun.
      assert.equal(await isAtEnd(t.engine), steps.indexOf(step) < steps.indexOf('files-referenced'))
      await t.registry.completeUnfinished(Date.now() + 1)
      await runToTheEnd(t.engine)
      assert.deepEqual(await leftovers(t), [])
    })
  }

  test('is no stage and no change either', async () => {
    await using t = await openTestRegistry()
    const { package: pkg } = await t.registry.publish(await aPublish(t, 'lib', '1.0.0'))
    await deletionDeps(t.engine).deletions.beginRepository(t.repository.id)
    const deleted = { code: 'repository_unknown' }
    await assert.rejects(t.registry.stages.stage(await aPublish(t, 'lib', '2.0.0')), deleted)
    const author = { actor: 'usr_1', requestId: 'req_1' }
    await assert.rejects(
      t.registry.edit(pkg, { kind: 'owner' }, author, (now) => ({ ...now, owners: [] })),
      deleted,
    )
    await runToTheEnd(t.engine)
    await t.intents()
    assert.deepEqual(await leftovers(t), [])
  })
})
