import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { runStowage, type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { openBlobs } from './open-stores.ts'

const noProc = existsSync('/proc/self') ? false : 'there is no /proc'

/** Sends the headers of a login; resolves when the server waits for its body. */
async function startLogin(server: ServerProcess): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': 2, expect: '100-continue' }
  const login = request(`${server.url}/-/v1/login`, { method: 'POST', headers })
  login.on('error', () => {})
  login.flushHeaders()
  await once(login, 'continue')
}

for (const workers of ['1', '2']) {
  describe(`stowage serve with WORKERS=${workers}`, { concurrency: 3 }, () => {
    test('the first start prints one address and one setup link, and the link works', async () => {
      await using server = await startServerProcess({ env: { ADMIN_EMAIL: '', ADMIN_PASSWORD: '', WORKERS: workers } })
      assert.equal(server.output().match(/"setupLink"/g)?.length, 1)
      assert.equal(server.output().match(/"url":"http/g)?.length, 1)
      assert.ok(server.setupLink?.startsWith(`${server.url}/ui/setup?`))
      assert.equal((await fetch(server.setupLink ?? '')).status, 200)
    })

    test('a start with ADMIN_EMAIL and ADMIN_PASSWORD prints no link, and says once what they did', async () => {
      await using folder = await openTestFolder()
      const start = () => startServerProcess({ dataDir: folder.path, env: { WORKERS: workers } })
      const toldIn = (output: string) => output.match(/ADMIN_EMAIL and ADMIN_PASSWORD [^"]+/g)
      await using first = await start()
      assert.equal(first.setupLink, undefined)
      assert.deepEqual(toldIn(first.output()), ['ADMIN_EMAIL and ADMIN_PASSWORD made the first administrator'])
      await first.stop()
      await using second = await start()
      const ignored = 'ADMIN_EMAIL and ADMIN_PASSWORD were ignored: there is an administrator already'
      assert.deepEqual(toldIn(second.output()), [ignored])
    })

    test('a port that is taken ends it with 1 and a sentence', async () => {
      await using folder = await openTestFolder()
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const address = taken.address()
      const PORT = String(typeof address === 'object' && address?.port)
      const { code, stderr } = await runStowage(['serve'], { DATA_DIR: folder.path, PORT, WORKERS: workers })
      taken.close()
      assert.equal(code, 1)
      assert.match(stderr, /^stowage: Cannot listen on 127\.0\.0\.1:\d+: another process uses the port[^\n]*\n$/)
    })
  })
}

// With one process, and for SIGTERM: ts/e2e/stop.test.ts.
test('with workers, one SIGINT waits for a running request, another one later does not', async () => {
  await using server = await startServerProcess({ env: { WORKERS: '2' } })
  await startLogin(server)
  const again = setInterval(() => server.signal('SIGINT'), 100)
  const code = await server.exited
  clearInterval(again)
  assert.equal(code, 130)
})

test('a data directory that is none ends it with 1 and a sentence', async () => {
  const { code, stderr } = await runStowage(['serve'], { DATA_DIR: import.meta.filename })
  assert.equal(code, 1)
  assert.match(stderr, /^stowage: The database \S+ cannot be (made|opened)[^\n]*\n$/)
})

test('a data directory where no folder can be made ends it with 1 and a sentence', { skip: noProc }, async () => {
  const { code, stderr } = await runStowage(['serve'], { DATA_DIR: '/proc/x' })
  assert.equal(code, 1)
  assert.equal(stderr, 'stowage: The database /proc/x/stowage.db cannot be made: no folder can be made in /proc.\n')
})

test('so does an artifact folder that cannot be made', { skip: noProc }, async () => {
  await assert.rejects(openBlobs({ kind: 'filesystem', dir: '/proc/x/packages' }), {
    code: 'unavailable',
    message: 'The artifact folder /proc/x/packages cannot be made: no folder can be made in /proc.',
  })
})

test('a broken configuration ends it with 1 and every problem', async () => {
  const { code, stderr } = await runStowage(['serve'], { PORT: 'x', LOG_LEVEL: 'x' })
  assert.equal(code, 1)
  assert.match(stderr, /^The configuration is not valid:\n- PORT [^\n]+\n- LOG_LEVEL [^\n]+\n$/)
})
