import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { skipUnless } from '../testing/backends.ts'
import { openTestFolder } from '../testing/stores.ts'
import { openTestStore, type TestStore } from './contract-store.ts'
import { openConnection } from './sqlite-connection.ts'

const straceSkip = skipUnless(existsSync('/usr/bin/strace'), 'strace is not installed (Debian: strace)')

async function openStore() {
  const folder = await openTestFolder()
  const path = join(folder.path, 'metadata.sqlite')
  const store = await openTestStore({ kind: 'sqlite', path })
  return {
    ...store,
    path,
    async [Symbol.asyncDispose]() {
      await store.engine.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('while another connection holds the lock writes wait, reads go on and the loop does not stop for 20 ms', async () => {
  await using store = await openStore()
  await store.things.insert('a', { name: 'n' })
  // A busy machine may stop any loop now and then; what the store does it does in every round.
  const longestStopsMs = []
  for (const round of ['b', 'c', 'd', 'e', 'f']) longestStopsMs.push(await longestStopWhileLocked(store, round))
  assert.ok(Math.min(...longestStopsMs) < 20, `the loop stopped for ${longestStopsMs} ms`)
  assert.equal(await store.things.count('name', {}), 1 + 5 * 60)
})

async function longestStopWhileLocked({ path, things }: TestStore & { path: string }, round: string): Promise<number> {
  using other = openConnection(path, false)
  other.exec('BEGIN IMMEDIATE')
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // The monitor measures from its second tick on.
  while (delay.count < 2) await setTimeout(1)
  let answered = 0
  const writes = Array.from({ length: 60 }, async (_, at) => {
    await things.insert(`${round}${at}`, { name: `${round}${at}` })
    answered++
  })
  for (const end = Date.now() + 100; Date.now() < end; await setTimeout(1)) {
    assert.equal((await things.get('a'))?.value.name, 'n')
  }
  delay.disable()
  assert.equal(answered, 0)
  other.exec('COMMIT')
  await Promise.all(writes)
  return delay.max / 1e6
}

test('concurrent writes share transactions, at most 200 in each', async () => {
  await using store = await openStore()
  const before = await commitsIn(`${store.path}-wal`)
  await Promise.all(Array.from({ length: 800 }, (_, at) => store.things.insert(`a${at}`, { name: `n${at}` })))
  assert.equal((await commitsIn(`${store.path}-wal`)) - before, 4)
})

test('a write that fails leaves the others of its group alone', async () => {
  await using store = await openStore()
  const names = ['a', 'b', 'a', 'c', 'b', 'd']
  const results = await Promise.allSettled(names.map((name, at) => store.things.insert(`${at}`, { name })))
  assert.deepEqual(
    results.map(({ status }) => status === 'fulfilled'),
    [true, true, false, true, false, true],
  )
  assert.equal(await store.things.count('name', {}), 4)
})

test('a write is on disk before it is answered', { skip: straceSkip ?? false }, async () => {
  await using folder = await openTestFolder()
  const log = join(folder.path, 'calls')
  const address = JSON.stringify({ kind: 'sqlite', path: join(folder.path, 'metadata.sqlite') })
  const child = [process.execPath, join(import.meta.dirname, 'contract-child.ts'), address, 'n', '20']
  const traced = ['-f', '-y', '-e', 'trace=fsync,fdatasync,write,pwrite64', '-o', log]
  const { status, stdout } = spawnSync('strace', [...traced, ...child], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.equal(stdout.split('\n').length, 21)
  const calls = finishedCalls(await readFile(log, 'utf8'))
  const answers = calls.flatMap((call, at) => (/^write\(1<.*"(n|taken n)\d/.test(call) ? [at] : []))
  assert.ok(answers.length > 0)
  for (const answer of answers) {
    const lastWrite = calls.findLastIndex((call, at) => at < answer && /^pwrite64\(.*-wal>/.test(call))
    const synced = calls.findLastIndex((call, at) => at < answer && /^fd?(data)?sync\(.*-wal>.*= 0$/.test(call))
    assert.ok(lastWrite >= 0 && synced > lastWrite, calls.slice(lastWrite, answer + 1).join('\n'))
  }
})

/** The commits in a write-ahead log: the frames that tell a size. https://sqlite.org/fileformat.html#wal_file_format */
async function commitsIn(path: string): Promise<number> {
  const log = await readFile(path)
  const frameBytes = 24 + log.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) if (log.readUInt32BE(at + 4) !== 0) commits++
  return commits
}

/** The calls of all threads in the order of their ends; strace splits a call that another thread's interrupts. */
function finishedCalls(log: string): string[] {
  const begun = new Map<string, string>()
  return log.split('\n').flatMap((line) => {
    const [thread = '', call = ''] = line.split(/\s+(.*)/)
    if (call.endsWith(' <unfinished ...>')) begun.set(thread, call.slice(0, -' <unfinished ...>'.length))
    const rest = /^<\.\.\. \w+ resumed>(.*)/.exec(call)?.[1]
    if (rest !== undefined) return [`${begun.get(thread) ?? ''}${rest}`]
    return call.endsWith(' <unfinished ...>') ? [] : [call]
  })
}
