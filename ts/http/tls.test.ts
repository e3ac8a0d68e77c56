import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { aServer } from './testing.ts'
import { readTls, type TlsPaths, tlsProblems } from './tls.ts'

let dir: string
let first: TlsPaths
let second: TlsPaths

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tls-'))
  first = certificate('first.example.com')
  second = certificate('second.example.com')
})
after(() => rm(dir, { recursive: true, force: true }))

function certificate(name: string): TlsPaths {
  const paths = { certPath: join(dir, `${name}.crt`), keyPath: join(dir, `${name}.key`) }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', paths.keyPath]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', paths.certPath, '-days', '1', '-subj', `/CN=${name}`], {
    stdio: 'ignore',
  })
  return paths
}

async function handshake(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()))
  return socket
}

async function servedName(port: number): Promise<string | string[] | undefined> {
  const socket = await handshake(port)
  const name = socket.getPeerCertificate().subject.CN
  socket.destroy()
  return name
}

test('SIGHUP serves the new certificate, and a broken one leaves the old', async () => {
  const tls = { certPath: join(dir, 'served.crt'), keyPath: join(dir, 'served.key') }
  await copyFile(first.certPath, tls.certPath)
  await copyFile(first.keyPath, tls.keyPath)
  await using server = await aServer(() => new Response('hello'), { tls })
  assert.match(server.url, /^https:/)
  assert.equal(await servedName(server.port), 'first.example.com')

  await copyFile(second.certPath, tls.certPath)
  process.emit('SIGHUP')
  assert.equal(await servedName(server.port), 'first.example.com', 'the key does not match yet')

  await copyFile(second.keyPath, tls.keyPath)
  process.emit('SIGHUP')
  assert.equal(await servedName(server.port), 'second.example.com')
})

test('closing listens to SIGHUP no more and cuts a connection that sent nothing', { timeout: 5_000 }, async () => {
  const before = process.listenerCount('SIGHUP')
  const server = await aServer(() => new Response('hello'), { tls: first, limits: { shutdownSeconds: 600 } })
  const socket = await handshake(server.port)
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.all([server.close(), ended])
  assert.equal(process.listenerCount('SIGHUP'), before)
})

test('a missing file and a foreign key are named', async () => {
  assert.throws(() => readTls({ ...first, certPath: join(dir, 'none') }), /TLS_CERT cannot be read: .*none/)
  assert.throws(() => readTls({ ...first, keyPath: second.keyPath }), /no usable pair: .*mismatch/)
  const empty = join(dir, 'empty')
  await writeFile(empty, '')
  assert.throws(() => readTls({ ...first, keyPath: empty }), /no usable pair/)
})

describe('tlsProblems', () => {
  test('a pair that can be served has none', () => {
    assert.deepEqual(tlsProblems(first), [])
  })

  test('two files that cannot be read are two problems', () => {
    const problems = tlsProblems({ certPath: join(dir, 'none'), keyPath: dir })
    assert.match(problems.join('\n'), /^TLS_CERT cannot be read: ENOENT.*none'\nTLS_KEY cannot be read: EISDIR/)
  })

  test('the key of another certificate, and the files the wrong way round, are told apart', () => {
    assert.deepEqual(tlsProblems({ ...first, keyPath: second.keyPath }), [
      `TLS_KEY ${second.keyPath} is not the key of the certificate TLS_CERT ${first.certPath}`,
    ])
    const [certificate = '', key = ''] = tlsProblems({ certPath: first.keyPath, keyPath: first.certPath })
    assert.match(certificate, /^TLS_CERT \S+ is no PEM certificate: /)
    assert.match(key, /^TLS_KEY \S+ is no PEM private key without a passphrase: /)
  })

  test('a certificate is good in its days alone', () => {
    const week = 7 * 86_400_000
    assert.match(tlsProblems(first, Date.now() + week).join('\n'), /^TLS_CERT \S+ has expired, on 20\d\d-[^\n]+Z$/)
    assert.match(tlsProblems(first, Date.now() - week).join('\n'), /^TLS_CERT \S+ is not valid before 20\d\d-/)
  })

  test('a key with a passphrase is refused', () => {
    const keyPath = join(dir, 'locked.key')
    const locked = ['-aes256', '-passout', 'pass:secret', '-in', first.keyPath, '-out', keyPath]
    execFileSync('openssl', ['ec', ...locked], { stdio: 'ignore' })
    assert.match(
      tlsProblems({ ...first, keyPath }).join('\n'),
      /^TLS_KEY \S+ is no PEM private key without a passphrase/,
    )
  })
})
