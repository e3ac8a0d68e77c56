import type { Access } from '../access/access.ts'
import type { Config } from '../config.ts'
import { hasCode } from '../errors.ts'
import type { Log } from '../log.ts'

/**
 * What every start does once, whatever the number of processes: makes the default organization, and the administrator
 * whom the configuration names, and logs whether it did. Resolves to the secret of a new setup link while there is no
 * administrator.
 */
export async function prepareStart(
  access: Access,
  { firstAdmin }: Pick<Config, 'firstAdmin'>,
  log: Log,
): Promise<string | undefined> {
  const link = await access.setup.prepare()
  if (!firstAdmin) return link?.linkSecret
  if (link && (await makeAdministrator(access, firstAdmin))) {
    log.info({ username: firstAdmin.username }, 'ADMIN_EMAIL and ADMIN_PASSWORD made the first administrator')
  } else {
    log.info('ADMIN_EMAIL and ADMIN_PASSWORD were ignored: there is an administrator already')
  }
  return undefined
}

/** False when another replica was faster. */
async function makeAdministrator(access: Access, firstAdmin: NonNullable<Config['firstAdmin']>): Promise<boolean> {
  try {
    await access.setup.createFirstAdministrator(firstAdmin)
    return true
  } catch (err) {
    if (hasCode(err, 'precondition_failed')) return false
    throw err
  }
}
