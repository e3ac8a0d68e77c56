import type { Access } from '../access/access.ts'
import type { Config } from '../config.ts'
import { hasCode } from '../errors.ts'

/**
 * What every start does once, whatever the number of processes: makes the default organization, and the administrator
 * whom the configuration names. Resolves to the secret of a new setup link while there is no administrator.
 */
export async function prepareStart(access: Access, config: Pick<Config, 'firstAdmin'>): Promise<string | undefined> {
  const link = await access.setup.prepare()
  if (!link || !config.firstAdmin) return link?.linkSecret
  try {
    await access.setup.createFirstAdministrator(config.firstAdmin)
  } catch (err) {
    // Another replica was faster.
    if (!hasCode(err, 'precondition_failed')) throw err
  }
  return undefined
}
