import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { hasCode } from '../../errors.ts'
import { uploads } from '../../metadata/image-schema.ts'
import { bytesOf } from '../../testing/bytes.ts'
import { openUploads, owner, pausing, sha256 } from '../../testing/uploads.ts'
import { isHolderDead, leaseHolder } from './lease-holder.ts'

/** The id of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? assert.fail()
}

const holderOf = (pid: number | string, host = hostname()) => [host, pid, randomUUID(), randomUUID()].join('/')

test('holders are dead whose process is gone from this host, or had the id of this one', async () => {
  const ended = await endedPid()
  const holders = {
    'a request of this process': [leaseHolder(), false],
    'a process that runs': [holderOf(process.ppid), false],
    'one that may not be signalled': [holderOf(1), process.pid === 1],
    'one that has ended': [holderOf(ended), true],
    'one that had the id of this': [holderOf(process.pid), true],
    'one of another host': [holderOf(ended, 'other.example.com'), false],
    'no process of its own': [holderOf(0), false],
    'a group of processes': [holderOf(-1), false],
    'what older versions wrote': [randomUUID(), false],
  } as const
  for (const [name, [holder, isDead]] of Object.entries(holders)) assert.equal(isHolderDead(holder), isDead, name)
})

test('an upload whose writer was killed goes on at once, behind what was answered', async () => {
  await using t = await openUploads({ times: { patienceMs: 0 } })
  const { id } = await t.here.start(owner)
  await t.here.append(id, owner, { bytes: bytesOf('hello') })
  const killed = pausing(Buffer.from('never'), randomBytes(10))
  const append = t.here.append(id, owner, { bytes: killed.source })
  await killed.waiting
  const records = t.engine.collection(uploads)
  const { revision, value } = (await records.get(id)) ?? assert.fail()
  const lease = { until: Date.now() + 30_000, holder: holderOf(await endedPid()) }
  await records.update(id, revision, { ...value, lease })
  await t.there.append(id, owner, { bytes: bytesOf(' world') })
  killed.goOn()
  await assert.rejects(append, (err) => hasCode(err, 'upload_busy'))
  await t.there.finish(id, owner, sha256('hello world'))
  await t.assertStored(Buffer.from('hello world'))
  await t.assertNothingStaged()
})
