import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTestFolder } from '../testing/stores.ts'
import { openTestStore } from './contract-store.ts'

const inserter = join(import.meta.dirname, 'contract-child.ts')

async function openStore() {
  const folder = await openTestFolder()
  const store = await openTestStore({ kind: 'sqlite', path: join(folder.path, 'metadata.sqlite') })
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store.engine.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Runs another process to its end. This one stands still meanwhile, in the phase of the loop that it is in. */
function runElsewhere(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

/** Resolves in the check phase of the loop, with what follows in it. */
const checkPhase = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a mark told in the check phase is not told to a request that came after a commit elsewhere', async () => {
  await using store = await openStore()
  await using server = createServer((socket) => void socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const order: string[] = []
  const asked = once(server, 'connection').then(() => order)
  server.once('connection', () => order.push(`mark ${store.engine.commitMark()}`))

  await checkPhase()
  const before = store.engine.commitMark()
  void checkPhase().then(() => order.push('next check phase'))
  runElsewhere(inserter, JSON.stringify(store.address), 'n', '1')
  // The system has accepted the connection by then, so the poll phase that comes next finds it.
  runElsewhere('--eval', `require('node:net').connect(${port}, '127.0.0.1', () => process.exit(0))`)

  const [first] = await asked
  assert.match(first ?? '', /^mark \d+$/, 'the request was to come before the next check phase')
  assert.notEqual(first, `mark ${before}`)
})
