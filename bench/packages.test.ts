import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { generatePackage, publishBody } from './packages.ts'

test('a generated tarball is the same at every run and about as large as asked for', () => {
  const made = generatePackage('left', '1.0.0', 20_000)
  assert.deepEqual(made.tarball, generatePackage('left', '1.0.0', 20_000).tarball)
  assert.ok(made.tarball.length > 20_000 && made.tarball.length < 22_000)
  assert.notDeepEqual(made.tarball, generatePackage('left', '1.0.1', 20_000).tarball)
})

test('a generated tarball is a tar archive whose package.json is the manifest', async () => {
  const { manifest, tarball } = generatePackage('left', '1.0.0', 700)
  const files = new Map<string, string>()
  const reading: Promise<unknown>[] = []
  const parser = new Parser({ strict: true })
  parser.on('entry', (entry: ReadEntry) => {
    reading.push(entry.concat().then((bytes) => files.set(entry.path, bytes.toString())))
  })
  const ended = new Promise((resolve, reject) => parser.on('end', resolve).on('error', reject))
  parser.end(gunzipSync(tarball))
  await ended
  await Promise.all(reading)
  assert.deepEqual([...files.keys()], ['package/package.json', 'package/index.js', 'package/data.bin'])
  assert.deepEqual(JSON.parse(files.get('package/package.json') ?? ''), manifest)
})

test('a publish body carries the tarball and what it hashes to', () => {
  const made = generatePackage('left', '1.0.0', 100)
  const body = JSON.parse(publishBody(made).toString())
  const attachment = body._attachments['left-1.0.0.tgz']
  assert.deepEqual(Buffer.from(attachment.data, 'base64'), made.tarball)
  assert.equal(attachment.length, made.tarball.length)
  assert.match(body.versions['1.0.0'].dist.integrity, /^sha512-/)
})
