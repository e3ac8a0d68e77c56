import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

export interface TlsPaths {
  readonly certPath: string
  readonly keyPath: string
}

/** The certificate (with its chain) and key, PEM. Throws one sentence naming the file or the mismatch. */
export function readTls(paths: TlsPaths): { cert: Buffer; key: Buffer } {
  const pair = { cert: readPem(paths.certPath, 'TLS_CERT'), key: readPem(paths.keyPath, 'TLS_KEY') }
  try {
    createSecureContext(pair)
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err)
    throw new Error(`TLS_CERT ${paths.certPath} and TLS_KEY ${paths.keyPath} are no usable pair: ${why}`)
  }
  return pair
}

function readPem(path: string, variable: string): Buffer {
  try {
    return readFileSync(path)
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err)
    throw new Error(`${variable} cannot be read: ${why}`)
  }
}
