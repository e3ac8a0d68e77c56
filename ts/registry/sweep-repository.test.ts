import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../errors.ts'
import { bytesOf } from '../testing/bytes.ts'
import { openTestImages } from './images/testing.ts'

test('a repository that is deleted takes its unfinished uploads along, with their bytes', async () => {
  await using i = await openTestImages()
  const { registry, blobs } = i.t
  const { uploads } = registry.images
  const owner = { ...i.app, ownerId: 'usr_test' }
  const { id } = await uploads.start(owner)
  await uploads.append(id, owner, { bytes: bytesOf('the beginning') })
  await registry.sweep.pass(owner.repository.id)
  await assert.rejects(uploads.status(id, owner), (err) => hasCode(err, 'upload_unknown'))
  assert.equal(await blobs.sweep(-60), 0)
})
