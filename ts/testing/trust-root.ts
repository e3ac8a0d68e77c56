import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import type { ClientHome } from './clients.ts'

/** Where `npm audit signatures` asks for the keys of registries that it knows, before it asks the registry itself. */
const host = 'tuf-repo-cdn.sigstore.dev'

export interface TrustRoot extends AsyncDisposable {
  /** For the client: leads its requests for that host here, and those alone. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * An update repository (TUF) on this machine that knows no registry, trusted by this home in place of the one on the
 * internet: no request leaves the machine. The client checks it as it would check that.
 */
export async function startTrustRoot(home: ClientHome): Promise<TrustRoot> {
  const files = repositoryFiles()
  await home.write(`.npm/_tuf/${host}/root.json`, files.get('/root.json') ?? '')
  const certificate = makeCertificate(home.path)
  const site = createTlsServer(certificate, (incoming, outgoing) => {
    const file = files.get(incoming.url ?? '')
    outgoing.writeHead(file === undefined ? 404 : 200).end(file)
  })
  const proxy = createServer((_incoming, outgoing) => outgoing.writeHead(403).end())
  const sitePort = await listen(site)
  proxy.on('connect', (incoming, socket) => {
    if (incoming.url !== `${host}:443`) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const inner = connect(sitePort, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    inner.on('error', () => socket.destroy())
    socket.on('error', () => inner.destroy())
    inner.pipe(socket).pipe(inner)
  })
  const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`
  return {
    env: {
      HTTPS_PROXY: proxyUrl,
      NO_PROXY: '127.0.0.1',
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: join(home.path, 'site.crt'),
    },
    async [Symbol.asyncDispose]() {
      for (const server of [proxy, site]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

async function listen(server: Pick<Server, 'listen' | 'address' | 'once'>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server as Server, 'listening')
  return (server.address() as AddressInfo).port
}

function makeCertificate(folder: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(folder, 'site.key'), join(folder, 'site.crt')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
  execFileSync('openssl', ['req', '-x509', ...kind, '-out', cert, '-days', '1', ...subject], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

/** The four documents of a repository without targets, by path, each signed by one key for all roles. */
function repositoryFiles(): Map<string, string> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } }
  const keyid = createHash('sha256').update(canonical(key)).digest('hex')
  const role = { keyids: [keyid], threshold: 1 }
  const expires = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '')
  const document = (type: string, more: object): [string, string] => {
    const signed = { _type: type, spec_version: '1.0.0', version: 1, expires, ...more }
    const sig = sign(null, Buffer.from(canonical(signed)), privateKey).toString('hex')
    return [`/${type}.json`, JSON.stringify({ signatures: [{ keyid, sig }], signed })]
  }
  const roles = { root: role, timestamp: role, snapshot: role, targets: role }
  return new Map([
    document('root', { consistent_snapshot: false, keys: { [keyid]: key }, roles }),
    document('timestamp', { meta: { 'snapshot.json': { version: 1 } } }),
    document('snapshot', { meta: { 'targets.json': { version: 1 } } }),
    document('targets', { targets: {} }),
  ])
}

/** JSON with sorted keys and no white space, which is what is signed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}
