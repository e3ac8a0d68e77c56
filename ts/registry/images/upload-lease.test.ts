import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorCode, hasCode } from '../../errors.ts'
import { uploads } from '../../metadata/image-schema.ts'
import { bytesOf } from '../../testing/bytes.ts'
import { openUploads, owner, pausing, sha256 } from '../../testing/uploads.ts'

const mib = 1024 * 1024
const refused = (attempt: Promise<unknown>, code: ErrorCode) => assert.rejects(attempt, (err) => hasCode(err, code))

test('of two appends at once one wins, and the other is told that the upload is busy', async () => {
  await using t = await openUploads({ times: { patienceMs: 200 } })
  const { id } = await t.here.start(owner)
  const slow = pausing(randomBytes(mib), randomBytes(mib))
  const first = t.here.append(id, owner, { bytes: slow.source })
  await slow.waiting
  await refused(t.there.append(id, owner, { bytes: bytesOf('between') }), 'upload_busy')
  await refused(t.here.finish(id, owner, sha256('between')), 'upload_busy')
  await refused(t.here.cancel(id, owner), 'upload_busy')
  slow.goOn()
  assert.equal((await first).sizeBytes, 2 * mib)
  await t.there.finish(id, owner, sha256(slow.whole))
  await t.assertStored(slow.whole)
})

test('a request that comes while another ends waits for it', async () => {
  await using t = await openUploads({ times: { patienceMs: 20_000 } })
  const { id } = await t.here.start(owner)
  const slow = pausing(Buffer.from('hello'), Buffer.from(' wor'))
  const first = t.here.append(id, owner, { bytes: slow.source })
  await slow.waiting
  const second = t.there.append(id, owner, { bytes: bytesOf('ld') })
  slow.goOn()
  await first
  await second
  await t.here.finish(id, owner, sha256('hello world'))
})

test('twenty appends at once never interleave', async () => {
  await using t = await openUploads({ times: { patienceMs: 30_000 } })
  const { id } = await t.here.start(owner)
  const chunks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(200_000 + index, index))
  const sides = [t.here, t.there]
  await Promise.all(chunks.map((bytes, at) => sides[at % 2]?.append(id, owner, { bytes: bytesOf(bytes) })))
  const stored = await t.staged(id)
  const order = [...new Set(stored)]
  assert.equal(order.length, 20)
  assert.ok(stored.equals(Buffer.concat(order.map((at) => chunks[at] ?? Buffer.alloc(0)))))
})

test('the whole in a finish gives way to a chunk that was accepted meanwhile, and leaves the image nothing', async () => {
  await using t = await openUploads({ times: { patienceMs: 0 } })
  const { id } = await t.here.start(owner)
  const slow = pausing(randomBytes(mib), randomBytes(mib))
  const finishing = t.here.finish(id, owner, sha256(slow.whole), { bytes: slow.source })
  await slow.waiting
  await t.there.append(id, owner, { bytes: bytesOf('hello') })
  slow.goOn()
  await refused(finishing, 'upload_busy')
  assert.equal((await t.here.status(id, owner)).sizeBytes, 5)
  assert.equal(t.linked.size, 0)
  await t.there.finish(id, owner, sha256('hello world'), { bytes: bytesOf(' world') })
  await t.assertStored(Buffer.from('hello world'))
  await t.assertNothingStaged()
})

test("two finishes at once that bring different wholes are both the image's blobs, or refused", async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  const wholes = [randomBytes(mib), randomBytes(mib)]
  const sides = [t.here, t.there]
  const outcomes = await Promise.allSettled(
    wholes.map((bytes, at) => sides[at]?.finish(id, owner, sha256(bytes), { bytes: bytesOf(bytes) })),
  )
  assert.ok(outcomes.some(({ status }) => status === 'fulfilled'))
  for (const [at, { status }] of outcomes.entries()) {
    if (status === 'fulfilled') await t.assertStored(wholes[at] ?? assert.fail())
  }
  await refused(t.here.status(id, owner), 'upload_unknown')
  await t.assertNothingStaged()
})

test('a lease is renewed while its bytes come', async () => {
  await using t = await openUploads({ times: { leaseMs: 600, renewMs: 50, patienceMs: 0 } })
  const { id } = await t.here.start(owner)
  const slow = pausing(Buffer.from('hello'), Buffer.from(' world'))
  const first = t.here.append(id, owner, { bytes: slow.source })
  await slow.waiting
  const records = t.engine.collection(uploads)
  const startedUntil = (await records.get(id))?.value.lease?.until ?? 0
  while (((await records.get(id))?.value.lease?.until ?? 0) < startedUntil + 200) await delay(20)
  await refused(t.there.append(id, owner, { bytes: bytesOf('between') }), 'upload_busy')
  slow.goOn()
  await first
  await t.there.finish(id, owner, sha256('hello world'))
})

test('a writer whose lease ran out is taken over, and nothing of what it still writes gets in', async () => {
  await using t = await openUploads({ times: { leaseMs: 100, renewMs: 60_000, patienceMs: 5_000 } })
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  const late = pausing(Buffer.from('x'), randomBytes(2 * mib))
  const lateAppend = t.here.append(id, owner, { bytes: late.source })
  await late.waiting
  await t.there.append(id, owner, { bytes: bytesOf(' world') })
  late.goOn()
  await refused(lateAppend, 'upload_busy')
  await t.there.finish(id, owner, sha256('hello world'))
  await t.assertStored(Buffer.from('hello world'))
  await t.assertNothingStaged()
})

test('a finish takes over, too: a late writer does not change the blob', async () => {
  await using t = await openUploads({ times: { leaseMs: 100, renewMs: 60_000, patienceMs: 5_000 } })
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  const late = pausing(randomBytes(mib), randomBytes(2 * mib))
  const lateAppend = t.here.append(id, owner, { bytes: late.source })
  await late.waiting
  await t.there.finish(id, owner, sha256('hello'))
  late.goOn()
  await refused(lateAppend, 'upload_busy')
  await t.assertStored(Buffer.from('hello'))
})

test('a writer that learns of its loss stops reading', async () => {
  await using t = await openUploads({ times: { leaseMs: 100, renewMs: 300, patienceMs: 5_000 } })
  const { id } = await t.here.start(owner)
  const late = pausing(Buffer.from('first'), Buffer.from('never'))
  const lateAppend = t.here.append(id, owner, { bytes: late.source })
  await late.waiting
  await t.there.append(id, owner, { bytes: bytesOf('hello') })
  await refused(lateAppend, 'upload_busy')
  await t.there.finish(id, owner, sha256('hello'))
})
