import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { RegistryError } from '../errors.ts'

const nonceBytes = 12
const tagBytes = 16

/**
 * Cursors as they are given out: nobody reads what they stand on, which may be hidden, nor makes one. `list` says which
 * list it is, filters included, and holds as authenticated data; all replicas that share the secret open each other's.
 */
export interface Cursors {
  /** Equal cursors of a list are sealed alike, so that equal answers have equal entity tags. URL-safe. */
  seal(list: string, cursor: string): string
  /** Throws `payload_invalid` with the field `cursor` for what this list did not give out. */
  open(list: string, sealed: string): string
}

/** Sealed by AES-256-GCM with keys derived from the secret. */
export function cursorsOf(secret: string): Cursors {
  const key = derived(secret, 'stowage cursors')
  const nonceKey = derived(secret, 'stowage nonces of cursors')

  return {
    seal(list, cursor) {
      const content = JSON.stringify([list, cursor])
      const nonce = createHmac('sha256', nonceKey).update(content).digest().subarray(0, nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(list))
      return Buffer.concat([nonce, cipher.update(cursor, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      )
    },

    open(list, sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      // Node reads past characters that are none of base64url.
      if (bytes.toString('base64url') !== sealed || bytes.length < nonceBytes + tagBytes) throw strangeCursor()
      try {
        const nonce = bytes.subarray(0, nonceBytes)
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        decipher.setAAD(Buffer.from(list)).setAuthTag(bytes.subarray(-tagBytes))
        return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
      } catch {
        throw strangeCursor()
      }
    },
  }
}

function derived(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
}

function strangeCursor(): RegistryError {
  const message = 'The cursor is not one that this list gave out; start again without it.'
  return new RegistryError('payload_invalid', message, { field: 'cursor' })
}
