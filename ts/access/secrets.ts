import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RegistryError } from '../errors.ts'

/** Shorter secrets can be guessed. */
export const minSecretLength = 32

const version = 'v1.'
const ivBytes = 12
const tagBytes = 16

export interface Secrets {
  /** Signs the API's access tokens. */
  readonly jwtSecret: string
  /** Seals what is stored and must be read again. */
  readonly sealer: Sealer
}

/** AES-256-GCM of short texts, for secrets in the metadata store. */
export interface Sealer {
  seal(text: string): string
  /** Throws `internal` for what was sealed with another key or was changed. */
  unseal(sealed: string): string
}

/**
 * The two secrets: those given, else those in the files `jwt.secret` and `encryption.key` of `dataDir`, made at the
 * first start, readable to the owner alone. Of two processes that make them at once, both get the same.
 */
export async function loadSecrets(from: {
  readonly dataDir: string
  readonly jwtSecret?: string | undefined
  readonly encryptionKey?: string | undefined
}): Promise<Secrets> {
  const { dataDir } = from
  const jwtSecret = from.jwtSecret ?? (await readOrMake(dataDir, 'jwt.secret'))
  return { jwtSecret, sealer: sealerOf(from.encryptionKey ?? (await readOrMake(dataDir, 'encryption.key'))) }
}

/** A sealer whose key is derived from a secret of at least 32 characters. */
export function sealerOf(secret: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'stowage sealed texts', 32))
  return {
    seal(text) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return version + sealed.toString('base64url')
    },

    unseal(sealed) {
      const bytes = Buffer.from(sealed.slice(version.length), 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        decipher.setAuthTag(bytes.subarray(-tagBytes))
        return decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
      } catch (cause) {
        throw new RegistryError(
          'internal',
          'A stored secret cannot be read: AUTH_ENCRYPTION_KEY is another than when it was stored.',
          {},
          { cause },
        )
      }
    },
  }
}

async function readOrMake(dataDir: string, name: string): Promise<string> {
  const path = join(dataDir, name)
  const known = await readSecret(path)
  if (known !== undefined) return known
  await mkdir(dataDir, { recursive: true })
  await makeSecret(path)
  const made = await readSecret(path)
  if (made === undefined) throw new Error(`The file ${path} vanished while it was made.`)
  return made
}

async function readSecret(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(unlessCode('ENOENT'))
  if (text === undefined) return undefined
  const secret = text.trim()
  if (secret.length >= minSecretLength) return secret
  throw new Error(`The file ${path} must hold at least ${minSecretLength} characters. Restore it from a backup.`)
}

/** Written whole under another name, then linked: a reader never sees half of it, and the first to link wins. */
async function makeSecret(path: string): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
    await file.sync()
    await link(draft, path).catch(unlessCode('EEXIST'))
  } finally {
    await file.close()
    await rm(draft, { force: true })
  }
}

function unlessCode(code: string) {
  return (err: unknown): undefined => {
    if (!(err instanceof Error && 'code' in err && err.code === code)) throw err
  }
}
