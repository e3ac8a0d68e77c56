import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ProcessEnv, type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { type NpmRequests, npmRequests, publishBody } from './npm-requests.ts'
import { beginDownload, beginUpload, largeContent, rawExchange } from './slow-clients.ts'
import { until } from './until.ts'

interface Limited extends AsyncDisposable {
  readonly server: ServerProcess
  readonly url: string
  readonly token: string
  readonly npm: NpmRequests
}

async function startLimited(env: ProcessEnv): Promise<Limited> {
  const server = await startServerProcess({ env })
  const { url } = server
  const token = await server.adminToken()
  return {
    server,
    url,
    token,
    npm: npmRequests(url, token),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The text that npm prints behind `npm error`. */
function errorOf(body: Buffer | string): string {
  const { error }: { error: string } = JSON.parse(String(body))
  return error
}

async function staged({ server }: Limited): Promise<number> {
  return (await readdir(join(server.dataDir, 'packages/staging'))).length
}

async function openFiles({ server }: Limited): Promise<number> {
  return (await readdir(`/proc/${server.pid}/fd`)).length
}

async function gauge({ url }: Limited, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  return Number(new RegExp(`^stowage_${name} (\\d+)$`, 'm').exec(text)?.[1])
}

test('MAX_PUBLISH_BYTES: a larger publish is refused with a reason, said or unsaid its length', async () => {
  await using t = await startLimited({ MAX_PUBLISH_BYTES: '1MiB' })
  const content = largeContent.subarray(0, 3 * 1024 * 1024)
  for (const length of [true, false]) {
    const upload = await beginUpload(t.url, t.token, 'too-large', content, { length })
    const { status, body } = await upload.finish()
    assert.equal(status, 413)
    assert.match(errorOf(body), /larger than 1048576 bytes; MAX_PUBLISH_BYTES raises/)
  }
  assert.equal(await staged(t), 0)
  assert.equal(await t.npm.packument('too-large'), undefined)
  assert.equal(await t.npm.publish('small', '1.0.0'), 201)
})

test('MAX_DOCUMENT_BYTES: larger JSON is refused with a reason, in a publish and elsewhere', async () => {
  await using t = await startLimited({ MAX_DOCUMENT_BYTES: '64KiB' })
  const description = 'x'.repeat(100 * 1024)
  const document = JSON.stringify({ ...JSON.parse(publishBody('wordy', '1.0.0', '')), description })
  const headers = { 'content-type': 'application/json' }
  for (const [method, path, body] of [
    ['PUT', '/wordy', document],
    ['POST', '/-/npm/v1/user', JSON.stringify({ fullname: description })],
  ] as const) {
    const answer = await t.npm.request(path, { method, headers, body })
    assert.deepEqual([path, answer.status], [path, 413])
    assert.match(errorOf(await answer.text()), /MAX_DOCUMENT_BYTES/)
  }
  assert.equal(await staged(t), 0)
})

test('MAX_HEADER_BYTES: larger headers are answered 431, and say what raises the limit', async () => {
  await using t = await startLimited({ MAX_HEADER_BYTES: '4KiB' })
  const answer = await rawExchange(t.url, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(5000)}\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 431 [\s\S]*MAX_HEADER_BYTES/)
})

test('MAX_CONCURRENT_UPLOADS: one more is asked to come again, until a place is free', async () => {
  await using t = await startLimited({ MAX_CONCURRENT_UPLOADS: '1' })
  const content = largeContent.subarray(0, 1024 * 1024)
  const first = await beginUpload(t.url, t.token, 'first', content)
  await until('an upload runs', async () => (await gauge(t, 'uploads_running')) === 1)
  const second = await beginUpload(t.url, t.token, 'second', content)
  const refused = await second.finish()
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers['retry-after']) > 0)
  assert.match(errorOf(refused.body), /MAX_CONCURRENT_UPLOADS/)
  assert.equal((await first.finish()).status, 201)
  assert.equal(await t.npm.publish('second', '1.0.0', content), 201)
  assert.equal(await gauge(t, 'uploads_running'), 0)
})

test('UPLOAD_RATE_WINDOW: an upload that stands still is ended, a slow one that moves is not', async () => {
  await using t = await startLimited({ UPLOAD_RATE_WINDOW: '1s', MIN_UPLOAD_RATE: '1KiB' })
  const still = await beginUpload(t.url, t.token, 'still', largeContent.subarray(0, 1024 * 1024))
  const { status, body } = await still.answer()
  assert.equal(status, 408)
  assert.match(errorOf(body), /less than 1024 bytes a second over 1 seconds/)
  still.abort()
  assert.equal(await staged(t), 0)
  assert.equal(await publishSlowly(t, 'moving', 8), 201)
})

/** In so many pieces, one each 300 ms. */
async function publishSlowly({ url, token }: Limited, name: string, pieces: number): Promise<number> {
  const body = Buffer.from(publishBody(name, '1.0.0', largeContent.subarray(0, 64 * 1024)))
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const outgoing = request(`${url}/${name}`, { method: 'PUT', agent: false, headers })
  const answered = once(outgoing, 'response')
  const size = Math.ceil(body.length / pieces)
  for (let at = 0; at < body.length; at += size) {
    outgoing.write(body.subarray(at, at + size))
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  outgoing.end()
  const [response] = await answered
  response.resume()
  return response.statusCode
}

test('MAX_CONNECTIONS: one more is closed, until one of the others ends', async () => {
  await using t = await startLimited({ MAX_CONNECTIONS: '3' })
  await t.npm.publish('large', '1.0.0', largeContent)
  const path = '/large/-/large-1.0.0.tgz'
  // One after the other: the idle connection of the publish has to make room for the last.
  const held = []
  for (let i = 0; i < 3; i++) held.push(await beginDownload(t.url, t.token, path))
  assert.equal(await rawExchange(t.url, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => ''), '')
  for (const download of held) download.abort()
  await until('it answers again', () =>
    fetch(`${t.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
})

test('IDLE_CONNECTION_TIMEOUT and HEADERS_TIMEOUT: who does not go on is let go', async () => {
  await using t = await startLimited({ IDLE_CONNECTION_TIMEOUT: '1s', HEADERS_TIMEOUT: '1s' })
  const idle = await rawExchange(t.url, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(idle, /^HTTP\/1\.1 200/)
  const slow = await rawExchange(t.url, 'GET /health HTTP/1.1\r\nHost:')
  assert.match(slow, /^HTTP\/1\.1 408 [\s\S]*did not arrive in time/)
})

test('a client that goes away in the middle leaves nothing: no staged file, no descriptor, no place taken', async () => {
  await using t = await startLimited({})
  await t.npm.publish('large', '1.0.0', largeContent)
  await t.npm.assertInstallable('large', '1.0.0')
  const rest = async () => ({ files: await openFiles(t), connections: await connections(t) })
  const content = largeContent.subarray(0, 4 * 1024 * 1024)
  const before = await rest()
  for (let round = 0; round < 3; round++) {
    const pending = await Promise.all([
      beginDownload(t.url, t.token, '/large/-/large-1.0.0.tgz'),
      beginUpload(t.url, t.token, 'gone', content),
      beginUpload(t.url, t.token, 'gone-too', content, { length: false }),
    ])
    await until('both uploads are staged', async () => (await staged(t)) === 2)
    assert.equal(await gauge(t, 'uploads_running'), 2)
    for (const { abort } of pending) abort()
    await until('nothing is staged', async () => (await staged(t)) === 0)
    await until('no upload runs', async () => (await gauge(t, 'uploads_running')) === 0)
  }
  await until('all is as before', async () => {
    const { files, connections } = await rest()
    return files <= before.files && connections <= before.connections
  })
  assert.equal(await t.npm.packument('gone'), undefined)
})

/** Open ones, that of the question included. */
async function connections(t: Limited): Promise<number> {
  return gauge(t, 'http_connections')
}
