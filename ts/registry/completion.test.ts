import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IntentDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { aPublish, openTestRegistry } from '../testing/registry.ts'
import { abandonedIntents } from './abandoned.ts'

const author = { actor: 'usr_test', requestId: 'req_test' }

describe('what is abandoned', () => {
  const intent = (id: string, startedAt = Date.now()) => ({ id, revision: 1, value: { packageId: 'p', startedAt } })
  const looks = () => {
    let now = 0
    const abandoned = abandonedIntents(() => now)
    return (atMs: number, ...intents: { id: string; revision: number; value: IntentDocument }[]) => {
      now = atMs
      return intents.filter(abandoned.look()).map(({ id }) => id)
    }
  }

  test('is what this process has seen for 20 seconds, whatever the time is where it began', () => {
    const look = looks()
    const [early, late] = [intent('early', Date.now() - 60_000), intent('late', Date.now() + 60_000)]
    assert.deepEqual(look(0, early), [])
    assert.deepEqual(look(10_000, early, late), [])
    assert.deepEqual(look(20_000, early, late), ['early'])
    assert.deepEqual(look(30_000, late), ['late'])
  })

  test('is not what was gone in between', () => {
    const look = looks()
    look(0, intent('a'))
    look(10_000)
    assert.deepEqual(look(20_000, intent('a')), [])
  })

  test('is what began ten minutes ago', () => {
    assert.deepEqual(looks()(0, intent('old', Date.now() - 600_000)), ['old'])
  })

  test('is completed at the next look', async () => {
    await using t = await openTestRegistry()
    const dying = t.another((step) => {
      if (step === 'unit-inserted') throw new Error('the process died')
    })
    await assert.rejects(dying.publish(await aPublish(t, 'lib', '1.0.0')), /died/)
    const job = t.another()
    assert.equal(await job.completeAbandoned(), 0)
    const intents = t.engine.collection(packageSchema.intents)
    const [left] = (await intents.find('byAge', {})).items
    assert.ok(left)
    await intents.update(left.id, left.revision, { ...left.value, startedAt: Date.now() - 600_000 })
    assert.equal(await job.completeAbandoned(), 1)
    assert.ok(await job.packages.find(t.repository.id, 'lib'))
  })
})

test('a change whose process died is logged, however many changes of the package follow before that', async () => {
  await using t = await openTestRegistry()
  const { package: pkg } = await t.registry.publish(await aPublish(t, 'lib', '1.0.0'))
  const at = Date.now() - 3_600_000
  const stamp = { id: 'chg_dead', kind: 'owner' as const, unitKeys: [], ...author, at }
  await t.engine.collection(packageSchema.intents).insert(stamp.id, { packageId: pkg.id, startedAt: at })
  let now = await t.engine
    .collection(packageSchema.packages)
    .update(pkg.id, pkg.revision, { ...pkg.value, recentChanges: [stamp] })
  for (let i = 0; i < 205; i++) {
    now = await t.registry.edit(now, { kind: 'owner' }, author, () => ({ owners: [`usr_${i}`] }))
  }
  await t.intents()
  const { recentChanges } = (await t.registry.edit(now, { kind: 'owner' }, author, () => ({ owners: ['usr_a'] }))).value
  assert.deepEqual([recentChanges.length, recentChanges[0]?.id], [201, stamp.id])
  await t.another().completeUnfinished(Date.now() + 1)
  const logged = await t.registry.changes.after(t.repository.id, 0, 1000)
  assert.equal(logged.filter((change) => change.at === at).length, 1)
})

test('one change that cannot be completed is not in the way of those behind it', async () => {
  await using t = await openTestRegistry()
  const { package: pkg } = await t.registry.publish(await aPublish(t, 'lib', '1.0.0'))
  await t.intents()
  const intents = t.engine.collection(packageSchema.intents)
  const value = { packageId: pkg.id, startedAt: 1 }
  const broken = { id: 'chg_broken', kind: 'tag' as const, unitKeys: [], ...author, at: 1, tag: { name: '\ud800' } }
  await intents.insert('chg_1', { ...value, change: broken })
  await intents.insert('chg_2', value)
  await assert.rejects(t.another().completeUnfinished(Date.now()))
  assert.deepEqual(
    (await intents.find('byAge', {})).items.map(({ id }) => id),
    ['chg_1'],
  )
})
