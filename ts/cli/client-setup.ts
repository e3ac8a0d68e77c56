import type { Environment } from '../config/reader.ts'
import { loadConfig } from '../config.ts'
import { reachableUrl } from '../http/server.ts'
import { protocols } from '../protocols/all.ts'
import { formatAddress, parseAddress } from './addresses.ts'

/**
 * The lines of a client's configuration for a token that is limited to one repository: clients send it to the address
 * alone that they name. `undefined` for a token that is limited to none or several.
 */
export function setupOfOneRepository(env: Environment, repositories: readonly string[] = []): string | undefined {
  const [only, ...others] = repositories
  if (only === undefined || others.length > 0) return undefined
  const address = parseAddress(only)
  const config = loadConfig(env)
  const base = `${config.publicUrl ?? reachableUrl(config)}/${formatAddress(address)}`
  // Not the secret, which is printed once: npm puts in what the variable holds.
  const token = '$' + '{STOWAGE_TOKEN}'
  return protocols.find(({ id }) => id === address.protocol)?.setup({ base, token })
}
