import assert from 'node:assert/strict'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeCertificate } from '../testing/certificate.ts'
import { adminName, startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { askHttps } from './https-requests.ts'
import { type Packument, publishBody } from './npm-requests.ts'
import { until } from './until.ts'

for (const workers of ['1', '2']) {
  test(`HTTPS: addresses, cookies and headers say so, and SIGHUP brings a new certificate (WORKERS=${workers})`, async () => {
    await using folder = await openTestFolder()
    const [first, second] = [makeCertificate(folder.path, 'first'), makeCertificate(folder.path, 'second')]
    const used = { cert: join(folder.path, 'used.crt'), key: join(folder.path, 'used.key') }
    const use = async ({ cert, key }: typeof first) => {
      await copyFile(cert, used.cert)
      await copyFile(key, used.key)
    }
    await use(first)
    const env = { TLS_CERT: used.cert, TLS_KEY: used.key, WORKERS: workers }
    await using server = await startServerProcess({ env })
    const { url } = server
    assert.match(url, /^https:/)
    const made = ['token', 'create', '--user', adminName, '--name', 'test', '--actions', 'read,write']
    const token = (await server.command(made)).trim()
    const ca = await readFile(first.cert)

    const body = publishBody('secure', '1.0.0', 'over TLS')
    assert.equal((await askHttps(`${url}/secure`, { method: 'PUT', token, body, ca })).status, 201)
    const packument: Packument = JSON.parse(String((await askHttps(`${url}/secure`, { token, ca })).body))
    const { tarball } = packument.versions['1.0.0']?.dist ?? { tarball: '' }
    assert.equal(tarball, `${url}/secure/-/secure-1.0.0.tgz`)
    assert.equal((await askHttps(tarball, { token, ca })).status, 200)

    const page = await askHttps(`${url}/ui/sign-in`, { ca })
    assert.match(page.headers['strict-transport-security'] ?? '', /max-age=\d{7,}/)
    assert.match(page.headers['set-cookie']?.[0] ?? '', /; HttpOnly; Secure; SameSite=Lax/)

    await use(second)
    assert.equal((await askHttps(`${url}/health`, { ca })).certificateName, 'first')
    server.signal('SIGHUP')
    const named = async () => (await askHttps(`${url}/health`, {})).certificateName
    await until('the new certificate is used by all', async () => {
      const names = await Promise.all([named(), named(), named(), named()])
      return names.every((name) => name === 'second')
    })
    assert.equal(await server.stop(), 0)
  })
}
