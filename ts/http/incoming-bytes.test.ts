import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Hono } from 'hono'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import { giveAway } from '../blobs/given-away.ts'
import type { BlobStore } from '../blobs/store.ts'
import { statusOf, toRegistryError } from '../errors.ts'
import { readBody, readWhole } from './body.ts'
import { aServer, roomyLimits, type TestServer } from './testing.ts'

const mib = 1024 * 1024
const oddSizes = [1, 17, 1000, 16_383, 16_384, 65_535, 65_536, 65_537, 300_001, 3 * mib]

let dir: string
let store: BlobStore

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'incoming-'))
  store = await filesystemBlobStore({ dir: join(dir, 'store') })
})
after(() => rm(dir, { recursive: true, force: true }))

/** Answers with the digest of what is in the store, or of what it read, and with what it read in front. */
function app() {
  const r = new Hono()
  r.onError((err, c) => c.text('', statusOf[toRegistryError(err).code]))
  r.put('/stored', async (c) => {
    const staged = await store.stage(giveAway(readBody(c, roomyLimits, 'maxBlobBytes')))
    await staged.commit()
    return c.text(await sha256((await store.read(staged.digest)) ?? []))
  })
  r.put('/kept', async (c) => {
    const pieces = await Array.fromAsync(readBody(c, roomyLimits, 'maxBlobBytes'))
    return c.text(await sha256(pieces))
  })
  r.put('/whole', async (c) => c.text(await sha256([await readWhole(c, roomyLimits, 'maxBlobBytes')])))
  r.put('/part', async (c) => {
    for await (const _piece of readBody(c, roomyLimits, 'maxBlobBytes')) return c.text('enough')
    return c.text('nothing')
  })
  return r
}

async function sha256(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

interface Client {
  readonly server: TestServer
  readonly agent: http.Agent
}

function open({ server, agent }: Client, path: string, headers: http.OutgoingHttpHeaders = {}): http.ClientRequest {
  const { request } = server.url.startsWith('https') ? https : http
  const options = { method: 'PUT', agent, headers, rejectUnauthorized: false }
  return request(new URL(path, server.url), options)
}

/** Sends the bytes in pieces of a size, with or without saying how many there are; resolves to the answer. */
async function put(client: Client, path: string, bytes: Uint8Array, pieceBytes: number): Promise<string> {
  const req = open(client, path, randomInt(2) ? { 'content-length': bytes.length } : {})
  const answered = once(req, 'response').then(([res]) => text(res))
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (!req.write(bytes.subarray(at, at + pieceBytes))) await setImmediate()
  }
  req.end()
  return answered
}

/** Sends some bytes of a body and resets the connection. */
async function breakOff({ server }: Client, path: string): Promise<void> {
  const agent = newAgent(server.url.startsWith('https'))
  const req = open({ server, agent }, path, { 'content-length': 9 * mib })
  req.on('error', () => {})
  const closed = new Promise((resolve) => req.once('close', resolve))
  req.write(randomBytes(randomInt(2 * mib)), () => req.destroy())
  await closed
  agent.destroy()
}

/** Some bodies one after the other over one connection. */
async function putSome(client: Client, path: string): Promise<void> {
  for (let i = 0; i < 6; i++) {
    const pieceBytes = oddSizes[randomInt(oddSizes.length)] ?? 1
    const bytes = randomBytes(randomInt(Math.min(3 * mib, pieceBytes * 2000)))
    assert.equal(await put(client, path, bytes, pieceBytes), await sha256([bytes]), `${path}, ${pieceBytes} a piece`)
  }
}

for (const isTls of [false, true]) {
  describe(isTls ? 'over TLS' : 'in the clear', () => {
    test('of many bodies at once, in pieces of any size, beside broken ones, each is its own bytes', async () => {
      await using server = await aServer(app().fetch, isTls ? { tls: certificate() } : {})
      const agents = Array.from({ length: 24 }, () => newAgent(isTls))
      const paths = ['/stored', '/stored', '/kept', '/whole']
      await Promise.all(
        agents.flatMap((agent, i) => {
          const path = paths[i % paths.length] ?? ''
          return [
            putSome({ server, agent }, path),
            breakOff({ server, agent }, path),
            breakOff({ server, agent }, path),
          ]
        }),
      )
      for (const agent of agents) agent.destroy()
    })

    test('what is not read of a body does not become part of the next one on its connection', async () => {
      await using server = await aServer(app().fetch, isTls ? { tls: certificate() } : {})
      const client = { server, agent: newAgent(isTls) }
      for (const sizeBytes of [100, 200_000, 5 * mib]) {
        assert.equal(await put(client, '/part', randomBytes(sizeBytes), 65_536), 'enough')
        await putSome(client, '/stored')
      }
      client.agent.destroy()
    })
  })
}

function newAgent(isTls: boolean): http.Agent {
  const options = { keepAlive: true, maxSockets: 1 }
  return isTls ? new https.Agent(options) : new http.Agent(options)
}

function certificate(): { certPath: string; keyPath: string } {
  const paths = { certPath: join(dir, 'cert'), keyPath: join(dir, 'key') }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', paths.keyPath]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', paths.certPath, '-days', '1', '-subj', '/CN=localhost'], {
    stdio: 'ignore',
  })
  return paths
}
