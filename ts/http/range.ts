import { RegistryError } from '../errors.ts'
import type { ByteRange } from './byte-source.ts'

export interface RangeRequest {
  readonly range: string | undefined
  readonly ifRange: string | undefined
}

/**
 * The one range that is asked for, inclusive; `undefined` for the whole: no or another unit, several ranges, a
 * header that is malformed, or an `If-Range` that names other bytes. Throws `range_invalid` when no byte of the
 * range exists.
 */
export function requestedRange(
  { range, ifRange }: RangeRequest,
  sizeBytes: number,
  etag: string,
): ByteRange | undefined {
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(range.trim()) ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  if (start > end) {
    throw new RegistryError('range_invalid', `Range ${range} is outside of the ${sizeBytes} bytes there are.`, {
      sizeBytes,
    })
  }
  return { start, end }
}
