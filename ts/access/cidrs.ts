import { BlockList, isIP } from 'node:net'
import { RegistryError } from '../errors.ts'

/** The range as it is stored: `10.0.0.0/8`, `2001:db8::/32`; a lone address is a range of one. */
export function checkCidr(text: string): string {
  const { address, prefix, version } = parseCidr(text.trim())
  const bits = version === 4 ? 32 : 128
  if (version !== 0 && prefix === undefined) return `${address}/${bits}`
  if (version === 0 || !/^(0|[1-9]\d{0,2})$/.test(prefix ?? '') || Number(prefix) > bits) {
    throw invalid(`"${text}" is no address range. Write 192.0.2.0/24, 2001:db8::/32 or a single address.`)
  }
  if (version === 6 && /^::ffff:/i.test(address)) {
    throw invalid(`"${text}" is an IPv4 range in IPv6 notation. Write it as IPv4, such as 192.0.2.0/24.`)
  }
  return `${address}/${prefix}`
}

/** Ranges, ready to be asked. */
export type AddressRanges = BlockList

/** Ranges that `checkCidr` returned. */
export function addressRanges(cidrs: readonly string[]): AddressRanges {
  const ranges = new BlockList()
  for (const cidr of cidrs) {
    const { address, prefix, version } = parseCidr(cidr)
    ranges.addSubnet(address, Number(prefix), version === 6 ? 'ipv6' : 'ipv4')
  }
  return ranges
}

/** Is the address in one of the ranges? `::ffff:192.0.2.1` is 192.0.2.1; what is no address is in none. */
export function isInRanges(ranges: AddressRanges, address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  const version = isIP(bare)
  return version !== 0 && ranges.check(bare, version === 6 ? 'ipv6' : 'ipv4')
}

/** Is the whole range in one of the others? All of them as `checkCidr` returned them. */
export function isWithinRanges(cidr: string, others: readonly string[]): boolean {
  const { address, prefix, version } = parseCidr(cidr)
  return others.some((other) => {
    const outer = parseCidr(other)
    const isNoLarger = outer.version === version && Number(outer.prefix) <= Number(prefix)
    return isNoLarger && isInRanges(addressRanges([other]), address)
  })
}

function parseCidr(text: string): { address: string; prefix: string | undefined; version: number } {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const version = address.includes('%') ? 0 : isIP(address)
  return { address, prefix: slash === -1 ? undefined : text.slice(slash + 1), version }
}

function invalid(message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field: 'cidrs' })
}
