import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** An entry of `dist.signatures`. */
export interface PackageSignature {
  /** `SHA256:` and the unpadded base64 SHA-256 of the public key's SPKI form. */
  keyid: string
  /** Base64 of a DER-encoded ECDSA signature. */
  sig: string
}

/** An entry of the answer of `/-/npm/v1/keys`. */
export interface RegistryKey {
  keyid: string
  keytype: 'ecdsa-sha2-nistp256'
  scheme: 'ecdsa-sha2-nistp256'
  /** Base64 of the public key's SPKI form. */
  key: string
  /** ISO date after which signatures of this key no longer count; `null` while it is in use. */
  expires: string | null
}

/** A registry's signing key, ready to sign. */
export interface SigningKey {
  readonly keyid: string
  readonly publicKey: RegistryKey
  /** Signs one version as npm verifies it. `integrity` is the `sha512-…` string of `dist.integrity`. */
  sign(name: string, version: string, integrity: string): PackageSignature
}

/** A new ECDSA P-256 key as PKCS #8 PEM, a secret. */
export function generateSigningKey(): string {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
}

/** The key of a PEM that `generateSigningKey` made; throws on any other. */
export function signingKey(privatePem: string): SigningKey {
  const privateKey = createPrivateKey(privatePem)
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('The signing key is no P-256 key')
  const publicKey = describeKey(createPublicKey(privateKey))
  const { keyid } = publicKey
  return {
    keyid,
    publicKey,
    sign(name, version, integrity) {
      const message = Buffer.from(`${name}@${version}:${integrity}`)
      return { keyid, sig: sign('sha256', message, privateKey).toString('base64') }
    },
  }
}

function describeKey(publicKey: KeyObject): RegistryKey {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const hash = createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')
  const type = 'ecdsa-sha2-nistp256'
  return { keyid: `SHA256:${hash}`, keytype: type, scheme: type, key: spki.toString('base64'), expires: null }
}

/** The body of `/-/npm/v1/keys`: the keys in use and those that have signed versions before. */
export function keysAnswer(keys: RegistryKey[]): { keys: RegistryKey[] } {
  return { keys }
}
