import { createPrivateKey, X509Certificate } from 'node:crypto'
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

/** Everything that is wrong with the two files, a sentence each: unreadable, no certificate or key, no pair, expired. */
export function tlsProblems(paths: TlsPaths, now = Date.now()): string[] {
  const problems: string[] = []
  const attempt = <T>(what: () => T): T | undefined => {
    try {
      return what()
    } catch (err) {
      problems.push(err instanceof Error ? err.message : String(err))
      return undefined
    }
  }
  const certificate = attempt(() =>
    parsed(paths.certPath, 'TLS_CERT', 'PEM certificate', (pem) => new X509Certificate(pem)),
  )
  const key = attempt(() => parsed(paths.keyPath, 'TLS_KEY', 'PEM private key without a passphrase', createPrivateKey))
  if (certificate) problems.push(...validity(certificate, paths.certPath, now))
  if (certificate && key && !certificate.checkPrivateKey(key)) {
    problems.push(`TLS_KEY ${paths.keyPath} is not the key of the certificate TLS_CERT ${paths.certPath}`)
  }
  // The chain, and whatever else the server will want of them.
  if (problems.length === 0) attempt(() => readTls(paths))
  return problems
}

function parsed<T>(path: string, variable: string, what: string, parse: (pem: Buffer) => T): T {
  const pem = readPem(path, variable)
  try {
    return parse(pem)
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err)
    throw new Error(`${variable} ${path} is no ${what}: ${why}`)
  }
}

function validity({ validFromDate, validToDate }: X509Certificate, path: string, now: number): string[] {
  if (now > validToDate.getTime()) return [`TLS_CERT ${path} has expired, on ${validToDate.toISOString()}`]
  if (now < validFromDate.getTime()) return [`TLS_CERT ${path} is not valid before ${validFromDate.toISOString()}`]
  return []
}

function readPem(path: string, variable: string): Buffer {
  try {
    return readFileSync(path)
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err)
    throw new Error(`${variable} cannot be read: ${why}`)
  }
}
