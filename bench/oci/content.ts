import { createCipheriv, createHash } from 'node:crypto'

const kibibyte = 1024
export const mebibyte = kibibyte * kibibyte
export const gibibyte = kibibyte * mebibyte

/** Names bytes that everybody can make anew: the seed and the size say all. */
export interface Seeded {
  readonly seed: string
  readonly sizeBytes: number
}

/** A blob of an image, in pieces so that a large one needs no memory. */
export interface SeededBlob extends Seeded {
  /** As registries name it. */
  readonly digest: string
  pieces(): Iterable<Buffer>
}

/** Incompressible bytes, other ones for every seed; from 1 MiB on they repeat. */
export function blobOf({ seed, sizeBytes }: Seeded): SeededBlob {
  const block = randomBytes(seed, Math.min(sizeBytes, mebibyte))
  const pieces = () => repeated(block, sizeBytes)
  const hash = createHash('sha256')
  for (const piece of pieces()) hash.update(piece)
  return { seed, sizeBytes, digest: `sha256:${hash.digest('hex')}`, pieces }
}

function* repeated(block: Buffer, sizeBytes: number): Generator<Buffer> {
  for (let at = 0; at < sizeBytes; at += block.length) yield block.subarray(0, sizeBytes - at)
}

function randomBytes(seed: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

/** So many blobs of one size, none like another. */
export function seedsOf(prefix: string, count: number, sizeBytes: number): Seeded[] {
  return Array.from({ length: count }, (_, i) => ({ seed: `${prefix}-${i}`, sizeBytes }))
}
