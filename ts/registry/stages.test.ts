import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as packageSchema from '../metadata/package-schema.ts'
import { aPublish, openTestRegistry } from '../testing/registry.ts'

const approver = { id: 'usr_approver', requestId: 'req_approve' }

describe('stages', () => {
  test('a staged version is invisible until it is approved, then published as its stager', async () => {
    await using t = await openTestRegistry()
    const stage = await t.registry.stages.stage(await aPublish(t, 'lib', '1.0.0'))
    assert.equal(await t.registry.packages.find(t.repository.id, 'lib'), undefined)
    const { unit } = await t.registry.stages.approve(t.repository, stage.id, approver)
    assert.equal(unit.value.publisherId, 'usr_test')
    assert.ok(await t.registry.packages.find(t.repository.id, 'lib'))
    await assert.rejects(t.registry.stages.get(t.repository.id, stage.id), { code: 'stage_unknown' })
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 1)
  })

  test('a stage reserves its version against publishes and other stages', async () => {
    await using t = await openTestRegistry()
    await t.registry.stages.stage(await aPublish(t, 'lib', '1.0.0'))
    await assert.rejects(t.registry.publish(await aPublish(t, 'lib', '1.0.0')), /is staged and waits for approval/)
    await assert.rejects(t.registry.stages.stage(await aPublish(t, 'lib', '1.0.0')), { code: 'version_exists' })
    await t.registry.publish(await aPublish(t, 'lib', '1.0.1'))
  })

  test('of ten stages of one version at once one is made, and the others leave nothing', async () => {
    await using t = await openTestRegistry()
    const requests = await Promise.all(Array.from({ length: 10 }, () => aPublish(t, 'lib', '1.0.0')))
    const outcomes = await Promise.allSettled(requests.map((request) => t.registry.stages.stage(request)))
    assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 1)
  })

  test('a rejected stage frees its version', async () => {
    await using t = await openTestRegistry()
    const stage = await t.registry.stages.stage(await aPublish(t, 'lib', '1.0.0'))
    await t.registry.stages.reject(t.repository.id, stage.id)
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 0)
    await t.registry.publish(await aPublish(t, 'lib', '1.0.0'))
  })

  test('where approval is required, the stager cannot approve, somebody else can', async () => {
    await using t = await openTestRegistry()
    const strict = { ...t.repository, value: { ...t.repository.value, requiresApproval: true } }
    const stage = await t.registry.stages.stage(await aPublish(t, 'lib', '1.0.0', { repository: strict }))
    const self = { id: 'usr_test', requestId: 'req' }
    await assert.rejects(t.registry.stages.approve(strict, stage.id, self), { code: 'access_denied' })
    await t.registry.stages.approve(strict, stage.id, approver)
  })

  test('a stage of another repository does not exist', async () => {
    await using t = await openTestRegistry()
    const stage = await t.registry.stages.stage(await aPublish(t, 'lib', '1.0.0'))
    await assert.rejects(t.registry.stages.get('rep_other', stage.id), { code: 'stage_unknown' })
    await assert.rejects(t.registry.stages.reject('rep_other', stage.id), { code: 'stage_unknown' })
  })
})
