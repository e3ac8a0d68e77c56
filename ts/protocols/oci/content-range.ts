import { RegistryError } from '../../errors.ts'
import type { ChunkRange } from '../../registry/images/upload-sessions.ts'

/**
 * The place of a chunk, as `Content-Range` says it: `0-99`, as the specification has it, or as HTTP has it with `bytes `
 * before and `/size` after. `undefined` without the header.
 */
export function chunkRange(header: string | undefined): ChunkRange | undefined {
  if (header === undefined) return undefined
  const [, first, last] = /^(?:bytes[ =])?\s*(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/i.exec(header.trim()) ?? []
  const [start, end] = [Number(first), Number(last)]
  if (start <= end) return { start, end }
  const message = `Content-Range ${JSON.stringify(header.slice(0, 100))} is none; expected the first and the last byte, such as 0-1048575.`
  throw new RegistryError('payload_invalid', message, { field: 'Content-Range' })
}

/** How much of an upload is here, as `Range` says it: inclusive, and `0-0` of nothing as of one byte. */
export function receivedRange(sizeBytes: number): string {
  return `0-${Math.max(sizeBytes - 1, 0)}`
}
