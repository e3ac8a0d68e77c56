import type { Environment } from './reader.ts'
import { allVariables } from './variables.ts'

/** Names that other programs give to what is meant here. */
const synonyms: Readonly<Record<string, string>> = {
  DATABASE_URL: 'MONGODB_URL',
  MONGO_URI: 'MONGODB_URL',
  MONGODB_URI: 'MONGODB_URL',
  MONGO_DB: 'MONGODB_DB',
  MONGODB_DATABASE: 'MONGODB_DB',
  S3_ACCESS_KEY_ID: 'S3_ACCESS_KEY',
  S3_SECRET_ACCESS_KEY: 'S3_SECRET_KEY',
  S3_URL: 'S3_ENDPOINT',
  S3_PREFIX: 'STORAGE_PATH',
  TLS_CERT_FILE: 'TLS_CERT',
  TLS_KEY_FILE: 'TLS_KEY',
  BASE_URL: 'PUBLIC_URL',
  LOGLEVEL: 'LOG_LEVEL',
}
/** Nearer names of this length are more likely a slip than another program's variable. */
const leastLength = 8

/** A sentence for each variable that Stowage does not read but that looks as if it should. Pure. */
export function similarNames(env: Environment): readonly string[] {
  const known = allVariables.map(([name]) => name)
  return Object.keys(env)
    .filter((name) => !known.includes(name) && !name.startsWith('npm_'))
    .flatMap((name) => {
      const meant = synonyms[name] ?? known.find((candidate) => isSlipOf(name, candidate))
      const isOpen = meant !== undefined && !env[meant]
      return isOpen ? [`${name} is set but means nothing to Stowage; ${meant} may be meant`] : []
    })
}

function isSlipOf(name: string, candidate: string): boolean {
  return Math.min(name.length, candidate.length) >= leastLength && distance(name.toUpperCase(), candidate) <= 2
}

/** How many characters have to be put in, taken out or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
