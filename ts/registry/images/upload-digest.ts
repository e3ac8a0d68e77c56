import type { Digest, HashName, StagedBlob } from '../../blobs/store.ts'
import { RegistryError } from '../../errors.ts'

/** What must be computed beside SHA-256, the stored blob's name, to check a digest. */
export function hashesFor(algorithm: string | undefined): readonly HashName[] {
  return algorithm === 'sha512' ? ['sha512'] : []
}

/** What comes before the colon. Throws `digest_invalid` when it is none that is known here. */
export function algorithmOf(digest: string): 'sha256' | 'sha512' {
  const algorithm = digest.slice(0, digest.indexOf(':'))
  if (algorithm === 'sha256' || algorithm === 'sha512') return algorithm
  throw new RegistryError('digest_invalid', `"${digest}" is no digest by SHA-256 or SHA-512.`, { field: 'digest' })
}

/** The digest as the store checks it while it takes the bytes in; nothing for one of another algorithm. */
export function expectedBy(digest: string): { expected?: Digest } {
  return digest.startsWith('sha256:') ? { expected: `sha256:${digest.slice(7)}` } : {}
}

/** Throws `digest_mismatch`; what is staged stays with the caller. */
export function requireDigest(staged: StagedBlob, digest: string): void {
  const actual = algorithmOf(digest) === 'sha512' ? `sha512:${staged.hashes.sha512}` : staged.digest
  if (actual === digest) return
  const message = `The uploaded bytes have the digest ${actual}, not the announced ${digest}.`
  throw new RegistryError('digest_mismatch', message, { field: 'digest' })
}
