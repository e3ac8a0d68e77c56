import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handOff, tee } from './hand-off.ts'

async function* numbered(count: number, seen: number[] = []): AsyncIterable<Uint8Array> {
  for (let i = 0; i < count; i++) {
    seen.push(i)
    yield Uint8Array.of(i)
  }
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = []
  for await (const chunk of bytes) all.push(...chunk)
  return all
}

test('every reader sees every chunk in order', async () => {
  const [a, b] = await Promise.all(tee(numbered(100), 2).map(collect))
  assert.deepEqual(a, b)
  assert.equal(a?.length, 100)
})

test('the source is read no faster than the slowest reader', async () => {
  const seen: number[] = []
  const [fast, slow] = tee(numbered(100, seen), 2)
  assert.ok(fast && slow)
  const collected = collect(fast)
  const reader = slow[Symbol.asyncIterator]()
  await reader.next()
  await new Promise(setImmediate)
  assert.ok(seen.length <= 4, `read ${seen.length} chunks ahead of a reader that took one`)
  while (!(await reader.next()).done);
  assert.equal((await collected).length, 100)
})

test('a reader that leaves early does not hold the others up', async () => {
  const [stays, leaves] = tee(numbered(50), 2)
  assert.ok(stays && leaves)
  const all = collect(stays)
  for await (const _ of leaves) break
  assert.equal((await all).length, 50)
})

test('an error of the source reaches every reader', async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Uint8Array.of(1)
    throw new Error('the client went away')
  }
  const results = await Promise.allSettled(tee(broken(), 2).map(collect))
  for (const result of results) assert.match(String(result.status === 'rejected' && result.reason), /went away/)
})

test('a failed hand-off stops the writer', async () => {
  const channel = handOff()
  await channel.write(Uint8Array.of(1))
  const waiting = channel.write(Uint8Array.of(2))
  channel.fail(new Error('disk full'))
  await assert.rejects(waiting, /disk full/)
})

test('nothing is lost between the last write and the end', async () => {
  const channel = handOff()
  const all = collect(channel.bytes)
  await channel.write(Uint8Array.of(1))
  await channel.write(Uint8Array.of(2))
  channel.end()
  assert.deepEqual(await all, [1, 2])
})
