import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readlink, rm, writeFile as save } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Hono } from 'hono'
import { statusOf, toRegistryError } from '../errors.ts'
import { sendBlob } from './send-blob.ts'
import { aServer, rawClient } from './testing.ts'

const large = randomBytes(24 * 1024 * 1024)
const bytes = randomBytes(3 * 1024 * 1024 + 17)
let dir: string

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'write-body-'))
  await save(join(dir, 'blob'), bytes)
})
after(() => rm(dir, { recursive: true, force: true }))

const app = new Hono()
app.onError((err, c) => c.text('', statusOf[toRegistryError(err).code]))
app.get('/:name/:size', (c) => {
  const blobs = { read: async () => undefined, localPath: (name: string) => join(dir, name) }
  const { name, size } = c.req.param()
  return sendBlob(c, { blobs, digest: name, sizeBytes: Number(size), contentType: 'a/b', etag: '"b"' })
})

const seesOpenFiles = existsSync('/proc/self/fd')

/** Files below the directory that this process has open. */
async function openFiles(): Promise<string[]> {
  if (!seesOpenFiles) return []
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.startsWith(dir))
}

async function noneOpen(): Promise<void> {
  while ((await openFiles()).length > 0) await setTimeout(5)
}

test('many downloads at once, whole and in ranges, each get their own bytes', async () => {
  await using server = await aServer(app.fetch)
  const download = async (start: number) => {
    const res = await fetch(`${server.url}/blob/${bytes.length}`, { headers: { range: `bytes=${start}-` } })
    return Buffer.from(await res.arrayBuffer()).equals(bytes.subarray(start))
  }
  const starts = Array.from({ length: 60 }, (_, i) => i * 1001)
  assert.deepEqual(
    await Promise.all(starts.map(download)),
    starts.map(() => true),
  )
  await noneOpen()
})

test('a client that reads late gets the bytes that were meant for it', async () => {
  await save(join(dir, 'large'), large)
  await using server = await aServer(app.fetch)
  const res = await new Promise<IncomingMessage>((resolve) => {
    get(`${server.url}/large/${large.length}`, resolve)
  })
  await setTimeout(200) // in which a server that runs ahead would write over what is still waiting
  assert.ok((await buffer(res)).equals(large))
})

test('a client that goes away in the middle leaves no file open', { skip: !seesOpenFiles }, async () => {
  await using server = await aServer(app.fetch)
  using client = rawClient(server.port)
  client.socket.pause()
  client.socket.write(`GET /blob/${bytes.length} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(10))
  while ((await openFiles()).length === 0) await setTimeout(5)
  client.socket.destroy()
  await noneOpen()
})

test('a file that is missing is answered 503, as missing bytes of any store', async () => {
  await using server = await aServer(app.fetch)
  assert.equal((await fetch(`${server.url}/none/9999999`)).status, 503)
})

test('a file that ends early cuts the connection', async () => {
  await using server = await aServer(app.fetch)
  await assert.rejects(async () => (await fetch(`${server.url}/blob/${bytes.length + 1}`)).arrayBuffer())
  await noneOpen()
})
