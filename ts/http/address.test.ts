import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AddressRules, addressReader } from './address.ts'

interface Case {
  readonly rules?: Partial<AddressRules>
  readonly peer?: string
  readonly encrypted?: boolean
  readonly headers: Record<string, string>
}

function read({ rules, peer = '203.0.113.9', encrypted = false, headers }: Case) {
  const reader = addressReader({ publicUrl: undefined, trustedProxies: [], ...rules })
  return reader({ header: (name) => headers[name], peerAddress: peer, encrypted, fallbackHost: 'localhost' })
}

const behindProxy = { rules: { trustedProxies: ['10.0.0.0/8', 'fd00::/8'] }, peer: '10.1.2.3' }
const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'registry.example.com' }

const origins: (Case & { name: string; origin: string })[] = [
  {
    name: 'the Host header',
    headers: { host: 'Registry.example.com:8080' },
    origin: 'http://registry.example.com:8080',
  },
  { name: 'HTTPS by the socket', encrypted: true, headers: { host: 'a:443' }, origin: 'https://a' },
  { name: 'the default port is left out', headers: { host: 'a:80' }, origin: 'http://a' },
  { name: 'no Host at all', headers: {}, origin: 'http://localhost' },
  { name: 'an IPv6 host', headers: { host: '[::1]:3000' }, origin: 'http://[::1]:3000' },
  {
    name: 'PUBLIC_URL wins',
    rules: { publicUrl: 'https://r.example.com' },
    headers: { host: 'x' },
    origin: 'https://r.example.com',
  },
  {
    name: 'PUBLIC_URL spares a bad Host',
    rules: { publicUrl: 'https://r.example.com' },
    headers: { host: 'a/b' },
    origin: 'https://r.example.com',
  },
  { name: 'a stranger is not believed', headers: { host: 'a', ...forwarded }, origin: 'http://a' },
  {
    name: 'a trusted proxy is believed',
    ...behindProxy,
    headers: { host: 'a', ...forwarded },
    origin: 'https://registry.example.com',
  },
  {
    name: 'a trusted proxy over IPv6',
    ...behindProxy,
    peer: 'fd12::1',
    headers: { host: 'a', ...forwarded },
    origin: 'https://registry.example.com',
  },
  {
    name: 'a trusted proxy on a dual-stack socket',
    ...behindProxy,
    peer: '::ffff:10.1.2.3',
    headers: { host: 'a', ...forwarded },
    origin: 'https://registry.example.com',
  },
  {
    name: 'the port of a proxy',
    ...behindProxy,
    headers: { ...forwarded, 'x-forwarded-port': '8443' },
    origin: 'https://registry.example.com:8443',
  },
  {
    name: 'the default port of a proxy',
    ...behindProxy,
    headers: { ...forwarded, 'x-forwarded-port': '443' },
    origin: 'https://registry.example.com',
  },
  {
    name: 'the port in the host wins',
    ...behindProxy,
    headers: { host: 'a:81', 'x-forwarded-port': '82' },
    origin: 'http://a:81',
  },
  {
    name: 'several proxies',
    ...behindProxy,
    headers: { host: 'b', 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'a, b' },
    origin: 'https://a',
  },
]
for (const t of origins) {
  test(`origin: ${t.name}`, () => {
    assert.equal(read(t).origin, t.origin)
  })
}

for (const host of ['a b', 'a/b', 'user@a', 'a:99999', 'a:', '[::1', '[12345::]', '', '<script>', 'a\u0000b']) {
  test(`the malformed Host ${JSON.stringify(host)} is refused`, () => {
    assert.throws(() => read({ headers: { host } }), { code: 'payload_invalid' })
  })
}

test('a prefix from a trusted proxy is kept without its last slash', () => {
  assert.equal(
    read({ ...behindProxy, headers: { host: 'a', 'x-forwarded-prefix': '/tools/registry/' } }).prefix,
    '/tools/registry',
  )
  assert.equal(read({ headers: { host: 'a', 'x-forwarded-prefix': '/evil' } }).prefix, '')
})

for (const prefix of ['registry', '/a/../b', '//evil.example.com', '/a"b']) {
  test(`the prefix ${prefix} is refused`, () => {
    assert.throws(() => read({ ...behindProxy, headers: { host: 'a', 'x-forwarded-prefix': prefix } }), {
      code: 'payload_invalid',
    })
  })
}

const clients: (Case & { name: string; client: string })[] = [
  { name: 'the peer', headers: {}, client: '203.0.113.9' },
  { name: 'a stranger cannot name another', headers: { 'x-forwarded-for': '1.2.3.4' }, client: '203.0.113.9' },
  { name: 'behind one proxy', ...behindProxy, headers: { 'x-forwarded-for': '1.2.3.4' }, client: '1.2.3.4' },
  {
    name: 'behind two proxies',
    ...behindProxy,
    headers: { 'x-forwarded-for': '1.2.3.4, 10.9.9.9' },
    client: '1.2.3.4',
  },
  {
    name: 'what the client itself wrote is left of it',
    ...behindProxy,
    headers: { 'x-forwarded-for': '6.6.6.6, 1.2.3.4' },
    client: '1.2.3.4',
  },
  {
    name: 'an IPv6 client with a port',
    ...behindProxy,
    headers: { 'x-forwarded-for': '[2001:db8::1]:555' },
    client: '2001:db8::1',
  },
  {
    name: 'an IPv4 client with a port',
    ...behindProxy,
    headers: { 'x-forwarded-for': '1.2.3.4:555' },
    client: '1.2.3.4',
  },
  {
    name: 'garbage ends the list',
    ...behindProxy,
    headers: { 'x-forwarded-for': '1.2.3.4, unknown' },
    client: '10.1.2.3',
  },
  { name: 'nobody but proxies', ...behindProxy, headers: { 'x-forwarded-for': '10.0.0.1' }, client: '10.0.0.1' },
]
for (const t of clients) {
  test(`client: ${t.name}`, () => {
    assert.equal(read({ ...t, headers: { host: 'a', ...t.headers } }).clientAddress, t.client)
  })
}
