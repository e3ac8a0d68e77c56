import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify } from 'node:crypto'
import { canonical } from './canonical.ts'

/** Signs and checks what the trail holds itself to. */
export interface AuditKey {
  /** SHA-256, hex, of the public key's SPKI form. */
  readonly keyId: string
  /** SPKI, PEM: all that somebody needs to check an export. */
  readonly publicKey: string
  /** Adds the key's id and the Ed25519 signature over the canonical text of the rest. */
  sign<T extends object>(value: T): T & Signed
  /** True when this very key signed this very value. */
  isSigned(value: Signed): boolean
}

export interface Signed {
  readonly keyId: string
  /** Base64. */
  readonly signature: string
}

/** A new Ed25519 key as PKCS #8 PEM, a secret. */
export function generateAuditKey(): string {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
}

/** The key of a PEM that `generateAuditKey` made; throws on any other. */
export function auditKey(privatePem: string): AuditKey {
  const privateKey = createPrivateKey(privatePem)
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('The audit key is no Ed25519 key')
  const publicKey = createPublicKey(privateKey)
  const keyId = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }))
  return {
    keyId,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign(value) {
      const signature = sign(null, Buffer.from(canonical({ ...value, keyId })), privateKey)
      return { ...value, keyId, signature: signature.toString('base64') }
    },
    isSigned({ signature, ...rest }) {
      return (
        rest.keyId === keyId && verify(null, Buffer.from(canonical(rest)), publicKey, Buffer.from(signature, 'base64'))
      )
    },
  }
}
