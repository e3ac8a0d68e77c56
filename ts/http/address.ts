import { BlockList, isIP } from 'node:net'
import { RegistryError } from '../errors.ts'

/** What the address of a request is read from. Header names are lower case. */
export interface Arrival {
  header(name: string): string | undefined
  /** The other end of the connection; `undefined` when there is none (a test without a socket). */
  readonly peerAddress: string | undefined
  readonly encrypted: boolean
  /** The host to use when the client sent no `Host` (HTTP/1.0). */
  readonly fallbackHost: string
}

/** Where the client believes that it is talking to, and who it is. */
export interface ExternalAddress {
  /** Scheme and host, default port left out: `https://registry.example.com`. */
  readonly origin: string
  /** The path below which a proxy publishes this server: '' or `/registry`. */
  readonly prefix: string
  /** The client's address, the trusted proxies taken off; '' when there is no connection. */
  readonly clientAddress: string
}

export interface AddressRules {
  /** An origin; it wins over every header. */
  readonly publicUrl: string | undefined
  /** `address/bits` each: whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[]
}

/** Headers that change the external address, so also what an answer says. */
export const forwardedHeaders = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
] as const

/** Reads external addresses by these rules. The reader throws `payload_invalid` for a host or prefix that is none. */
export function addressReader(rules: AddressRules): (arrival: Arrival) => ExternalAddress {
  const isTrusted = membership(rules.trustedProxies)
  return (arrival) => {
    const peer = plainAddress(arrival.peerAddress ?? '')
    const trusted = isTrusted(peer)
    const forwarded = (name: string) => (trusted ? firstOf(arrival.header(name)) : undefined)
    const clientAddress = trusted ? clientBehind(arrival.header('x-forwarded-for'), peer, isTrusted) : peer
    if (rules.publicUrl !== undefined) return { origin: rules.publicUrl, prefix: '', clientAddress }
    return {
      origin: originOf(arrival, forwarded),
      prefix: checkedPrefix(forwarded('x-forwarded-prefix') ?? ''),
      clientAddress,
    }
  }
}

/** Whether an address (IPv4, IPv6, or IPv4 written as IPv6) lies in one of the ranges. */
export function membership(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const version = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, Number(bits ?? (version === 'ipv6' ? 128 : 32)), version)
  }
  return (address) => {
    const version = isIP(address)
    return ranges.length > 0 && version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** IPv4 without the IPv6 wrapping of dual-stack sockets, without a zone. */
export function plainAddress(address: string): string {
  const [bare = ''] = address.split('%')
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(bare) ? bare.slice(7) : bare
}

/** Proxies append, so the list is read from its end: the first address that is no trusted proxy is the client. */
function clientBehind(header: string | undefined, peer: string, isTrusted: (address: string) => boolean): string {
  let client = peer
  for (const entry of (header ?? '').split(',').reverse()) {
    const address = plainAddress(withoutPort(entry.trim()))
    if (isIP(address) === 0) return client
    client = address
    if (!isTrusted(address)) return client
  }
  return client
}

function withoutPort(entry: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry
}

/** Of a list that several proxies wrote, what the one next to the client wrote. */
function firstOf(header: string | undefined): string | undefined {
  const first = header?.split(',')[0]?.trim()
  return first === '' ? undefined : first
}

function originOf(arrival: Arrival, forwarded: (name: string) => string | undefined): string {
  const proto = forwarded('x-forwarded-proto')?.toLowerCase()
  const scheme = proto === 'http' || proto === 'https' ? proto : arrival.encrypted ? 'https' : 'http'
  const given = forwarded('x-forwarded-host') ?? arrival.header('host') ?? arrival.fallbackHost
  const { name, port } = checkedHost(given)
  const effective = port ?? forwarded('x-forwarded-port')
  if (effective === undefined || effective === (scheme === 'https' ? '443' : '80')) return `${scheme}://${name}`
  if (!/^\d{1,5}$/.test(effective) || Number(effective) > 65_535) throw badHost(`${name}:${effective}`)
  return `${scheme}://${name}:${effective}`
}

function checkedHost(host: string): { name: string; port: string | undefined } {
  const [, name, port] = /^([\w.-]{1,253}|\[[\da-f:.]{2,45}\])(?::(\d{1,5}))?$/i.exec(host) ?? []
  if (name === undefined || (name.startsWith('[') && isIP(name.slice(1, -1)) !== 6)) throw badHost(host)
  return { name: name.toLowerCase(), port }
}

function badHost(host: string): RegistryError {
  const message = `${JSON.stringify(host.slice(0, 100))} is no host; expected a name or address such as registry.example.com:8080`
  return new RegistryError('payload_invalid', message, { field: 'Host' })
}

function checkedPrefix(prefix: string): string {
  const path = prefix.replace(/\/+$/, '')
  const isPath = path.split('/').every((part, i) => (i === 0 ? part === '' : /^(?!\.{1,2}$)[\w.~-]+$/.test(part)))
  if (isPath) return path
  const message = `X-Forwarded-Prefix ${JSON.stringify(prefix.slice(0, 100))} is no path; expected one such as /registry`
  throw new RegistryError('payload_invalid', message, { field: 'X-Forwarded-Prefix' })
}
