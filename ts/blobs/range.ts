import { RegistryError } from '../errors.ts'
import type { ByteRange } from './store.ts'

/** The range within so many bytes, its end exclusive and cut to the size; `range_invalid` when it names no byte. */
export function clampRange(sizeBytes: number, range: ByteRange | undefined): { start: number; end: number } {
  if (!range) return { start: 0, end: sizeBytes }
  if (range.start < 0 || range.start >= sizeBytes || range.end < range.start) {
    const asked = `bytes ${range.start} to ${range.end}`
    throw new RegistryError('range_invalid', `There are no ${asked} in a blob of ${sizeBytes} bytes.`, { sizeBytes })
  }
  return { start: range.start, end: Math.min(range.end + 1, sizeBytes) }
}
