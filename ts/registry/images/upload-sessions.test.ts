import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type ErrorCode, hasCode } from '../../errors.ts'
import { bytesOf } from '../../testing/bytes.ts'
import { openUploads, owner, sha256, sha512 } from '../../testing/uploads.ts'
import { sessionSeconds } from './upload-sessions.ts'

const mib = 1024 * 1024
const refused = (attempt: Promise<unknown>, code: ErrorCode, sizeBytes?: number) =>
  assert.rejects(
    attempt,
    (err) => hasCode(err, code) && (sizeBytes === undefined || err.details.sizeBytes === sizeBytes),
  )

test('chunks, then a finish, are one blob of the image', async () => {
  await using t = await openUploads()
  const chunks = [randomBytes(2 * mib), randomBytes(7), randomBytes(mib)]
  const { id } = await t.here.start(owner)
  for (const [index, bytes] of chunks.slice(0, 2).entries()) {
    const start = index === 0 ? 0 : 2 * mib
    const range = { start, end: start + bytes.byteLength - 1 }
    await t.here.append(id, owner, { bytes: bytesOf(bytes), range })
  }
  assert.deepEqual(await t.here.status(id, owner), { id, sizeBytes: 2 * mib + 7 })
  const whole = Buffer.concat(chunks)
  const blob = await t.here.finish(id, owner, sha256(whole), { bytes: bytesOf(chunks[2] ?? '') })
  assert.deepEqual(blob, { digest: sha256(whole), blob: sha256(whole), sizeBytes: whole.byteLength })
  await t.assertStored(whole)
  await t.assertEnded(id)
})

test('a stream without a range, then a finish without bytes: as docker does it', async () => {
  await using t = await openUploads()
  const bytes = randomBytes(3 * mib)
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf(bytes) })
  await t.here.finish(id, owner, sha256(bytes))
  await t.assertStored(bytes)
  await t.assertEnded(id)
})

test('the whole in the finish, and the whole in one request', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  await t.here.finish(id, owner, sha256('hello'), { bytes: bytesOf('hello') })
  await t.assertStored(Buffer.from('hello'))
  await t.assertEnded(id)
  await t.here.put(owner, sha512('world'), bytesOf('world'))
  assert.equal(t.linked.get(sha512('world')), sha256('world'))
  await t.assertStored(Buffer.from('world'))
})

test('an empty blob, with and without a chunk', async () => {
  await using t = await openUploads()
  const [first, second] = [await t.here.start(owner), await t.here.start(owner)]
  await t.here.finish(first.id, owner, sha256(''))
  await t.here.append(second.id, owner, { bytes: bytesOf(''), range: { start: 0, end: -1 } })
  await t.here.finish(second.id, owner, sha512(''))
  assert.equal(t.linked.get(sha512('')), sha256(''))
})

test('a SHA-512 digest names the bytes stored by SHA-256, announced or not', async () => {
  await using t = await openUploads()
  for (const algorithm of ['sha512', undefined] as const) {
    const bytes = randomBytes(mib)
    const { id } = await t.here.start(owner, algorithm)
    await t.here.append(id, owner, { bytes: bytesOf(bytes) })
    const blob = await t.here.finish(id, owner, sha512(bytes))
    assert.deepEqual(blob, { digest: sha512(bytes), blob: sha256(bytes), sizeBytes: mib })
    await t.assertStored(bytes)
  }
})

test('another digest is refused, and nothing is left of the upload or its bytes', async () => {
  await using t = await openUploads()
  for (const wrong of [sha256('other'), sha512('other')]) {
    const [whole, inParts, last] = [await t.here.start(owner), await t.here.start(owner), await t.here.start(owner)]
    await t.here.append(inParts.id, owner, { bytes: bytesOf('hello') })
    await t.here.append(last.id, owner, { bytes: bytesOf('hello') })
    await refused(t.here.finish(whole.id, owner, wrong, { bytes: bytesOf('hello') }), 'digest_mismatch')
    await refused(t.here.finish(inParts.id, owner, wrong), 'digest_mismatch')
    await refused(t.here.finish(last.id, owner, wrong, { bytes: bytesOf(' world') }), 'digest_mismatch')
    await refused(t.here.put(owner, wrong, bytesOf('hello')), 'digest_mismatch')
    for (const { id } of [whole, inParts, last]) await t.assertEnded(id)
  }
  assert.equal(t.linked.size, 0)
  await t.assertNothingLeft()
})

test('a finish that fails ends the upload, even when its bytes cannot be dropped', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  const failing = await t.restart((blobs) => ({
    ...blobs,
    uploads: {
      ...blobs.uploads,
      finish: () => Promise.reject(new Error('the disk says no')),
      discard: () => Promise.reject(new Error('not that either')),
    },
  }))
  await assert.rejects(failing.finish(id, owner, sha256('hello')), /the disk says no/)
  await t.assertEnded(id)
})

test('an algorithm that is not known is refused, and the upload goes on', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  await refused(t.here.finish(id, owner, `md5:${'a'.repeat(32)}`), 'digest_invalid')
  await t.here.finish(id, owner, sha256('hello'))
})

test('a chunk that belongs elsewhere, or is not as long as it says, changes nothing', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  const chunk = (text: string, start: number, end: number) => ({ bytes: bytesOf(text), range: { start, end } })
  await refused(t.here.append(id, owner, chunk('hello', 5, 9)), 'range_invalid', 0)
  await t.here.append(id, owner, chunk('hello', 0, 4))
  const wrong = [
    chunk('hello', 0, 4),
    chunk('o wor', 4, 8),
    chunk(' world', 6, 11),
    chunk('', 5, 3),
    chunk('longer', 5, 7),
  ]
  for (const each of [...wrong, chunk('short', 5, 20)]) {
    await refused(t.here.append(id, owner, each), 'range_invalid', 5)
    assert.equal((await t.here.status(id, owner)).sizeBytes, 5)
  }
  await refused(t.here.finish(id, owner, sha256('hello world'), chunk(' world', 4, 9)), 'range_invalid', 5)
  await t.here.finish(id, owner, sha256('hello world'), chunk(' world', 5, 10))
  await t.assertStored(Buffer.from('hello world'))
})

test('an upload is unknown to other owners, in other images and repositories, and when it is over', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  const others = [
    { ...owner, ownerId: 'usr_other' },
    { ...owner, image: 'other' },
    { ...owner, repository: { ...owner.repository, id: 'repo_other' } },
  ]
  for (const other of others) {
    await refused(t.here.status(id, other), 'upload_unknown')
    await refused(t.here.append(id, other, { bytes: bytesOf('x') }), 'upload_unknown')
    await refused(t.here.finish(id, other, sha256('')), 'upload_unknown')
    await refused(t.here.cancel(id, other), 'upload_unknown')
  }
  await t.here.cancel(id, owner)
  await t.assertEnded(id)
  await refused(t.here.cancel(id, owner), 'upload_unknown')
  await refused(t.here.finish(id, owner, sha256('')), 'upload_unknown')
  await t.assertNothingLeft()
})

test('what came before a disconnect is kept, and the upload goes on in another process', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  const [first, second] = [randomBytes(mib), randomBytes(mib)]
  async function* broken() {
    yield first
    throw new Error('the socket closed')
  }
  await assert.rejects(t.here.append(id, owner, { bytes: broken() }), /the socket closed/)
  assert.equal((await t.there.status(id, owner)).sizeBytes, mib)
  const range = { start: mib, end: 2 * mib - 1 }
  await t.there.append(id, owner, { bytes: bytesOf(second), range })
  await t.here.finish(id, owner, sha256(Buffer.concat([first, second])))
  await t.assertStored(Buffer.concat([first, second]))
})

test('a disconnect in the finish keeps what came', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  async function* broken() {
    yield Buffer.from(' wor')
    throw new Error('the socket closed')
  }
  await assert.rejects(t.here.finish(id, owner, sha256('hello world'), { bytes: broken() }), /the socket closed/)
  await t.here.finish(id, owner, sha256('hello world'), { bytes: bytesOf('ld'), range: { start: 9, end: 10 } })
  await t.assertStored(Buffer.from('hello world'))
})

test('an upload outlives its server', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  const restarted = await t.restart()
  await restarted.append(id, owner, { bytes: bytesOf(' world') })
  await (await t.restart()).finish(id, owner, sha256('hello world'))
  await t.assertStored(Buffer.from('hello world'))
})

test('a blob above the limit is refused in each way it may come', async () => {
  await using t = await openUploads({ maxBlobBytes: 10 })
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('0123456789') })
  const more = { bytes: bytesOf('0'), range: { start: 10, end: 10 } }
  await refused(t.here.append(id, owner, { bytes: bytesOf('0') }), 'payload_too_large')
  await refused(t.here.append(id, owner, more), 'payload_too_large')
  await refused(t.here.put(owner, sha256('x'), bytesOf('01234567890')), 'payload_too_large')
  await t.here.finish(id, owner, sha256('0123456789'))
})

test('uploads end after a day, those before do not', async () => {
  const clock = { ms: Date.now() }
  await using t = await openUploads({ now: () => clock.ms })
  const [old, older] = [await t.here.start(owner), await t.here.start(owner)]
  await t.here.append(old.id, owner, { bytes: bytesOf('hello') })
  clock.ms += (sessionSeconds - 1) * 1000
  const young = await t.here.start(owner)
  await t.here.append(young.id, owner, { bytes: bytesOf('kept') })
  assert.equal(await t.here.expire(), 0)
  clock.ms += 1000
  await refused(t.here.append(old.id, owner, { bytes: bytesOf('late') }), 'upload_unknown')
  assert.equal(await t.here.expire(), 2)
  for (const { id } of [old, older]) await t.assertEnded(id)
  await t.here.finish(young.id, owner, sha256('kept'))
  await t.assertNothingStaged()
})

test('an upload whose bytes were lost is unknown, and then gone', async () => {
  await using t = await openUploads()
  for (const touch of ['append', 'finish'] as const) {
    const { id } = await t.here.start(owner)
    await t.here.append(id, owner, { bytes: bytesOf('hello') })
    await t.loseStaging()
    const again =
      touch === 'append' ? t.here.append(id, owner, { bytes: bytesOf('!') }) : t.here.finish(id, owner, sha256('hello'))
    await refused(again, 'upload_unknown')
    await t.assertEnded(id)
  }
})

test('a link that fails ends the upload and leaves nothing', async () => {
  await using t = await openUploads()
  t.failLinks()
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  await assert.rejects(t.here.finish(id, owner, sha256('hello')), /no links today/)
  await assert.rejects(t.here.put(owner, sha256('hello'), bytesOf('hello')), /no links today/)
  await t.assertEnded(id)
  await t.assertNothingLeft()
})

test('hashes are the same whichever process followed the bytes', async () => {
  await using t = await openUploads()
  const { id } = await t.here.start(owner, 'sha512')
  const chunks = Array.from({ length: 5 }, () => randomBytes(300_000))
  for (const [at, bytes] of chunks.entries()) {
    await (at % 2 === 0 ? t.here : t.there).append(id, owner, { bytes: bytesOf(bytes) })
  }
  const whole = Buffer.concat(chunks)
  const blob = await t.there.finish(id, owner, sha512(whole))
  assert.equal(blob.blob, `sha256:${createHash('sha256').update(whole).digest('hex')}`)
})
