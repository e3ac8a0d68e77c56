import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import type { DeletedName } from '../access/deleted-names.ts'
import { advanceDeletions } from '../jobs/deletions.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { repositorySweep } from '../registry/sweep-repository.ts'
import { ask, type Terminal, UsageError } from './terminal.ts'

const pollMs = 1000
const sliceMs = 5000

/** What the options of `deletionOptions` leave. */
export interface DeletionOptions {
  readonly yes?: true
  readonly wait: boolean
}

/** Adds `--yes`. */
export function confirmationOption(command: Command): Command {
  return command.option('-y, --yes', 'do not ask for the name')
}

/** Adds `--yes` and `--no-wait`. */
export function deletionOptions(command: Command): Command {
  return confirmationOption(command).option(
    '--no-wait',
    'leave what takes time to the running server, or to its next start',
  )
}

/** The state of a deleted name as a table shows it; as JSON it is as in the REST API. */
export function wordOf(state: DeletedName['state'], { json }: { readonly json?: true }): string {
  return state === 'deleting' && !json ? 'being deleted' : state
}

/**
 * Asks for the name of what is to be deleted, unless that is waived; `what` begins the sentence. Throws `UsageError` where nobody can be asked, and an
 * error with one sentence for another name.
 */
export async function confirmName(
  terminal: Terminal,
  name: string,
  { yes }: Pick<DeletionOptions, 'yes'>,
  what = `"${name}" and all that it holds`,
): Promise<void> {
  if (yes) return
  if (!terminal.isInteractive) throw new UsageError('where nobody can be asked, --yes must be given.')
  const told = await ask(terminal, `${what} will be deleted for good. Repeat the name to go on`)
  if (told !== name) throw new Error('That is not the name. Nothing was deleted.')
}

/** Does what the server's job does until the deletion has come to its end. */
export async function finishDeletion(
  terminal: Terminal,
  access: Access,
  engine: MetadataEngine,
  id: string,
): Promise<void> {
  terminal.note(
    'It is unknown to everybody now. Removing what it held takes half a minute or more; a server goes on with it',
  )
  terminal.note('when this command is stopped.')
  const deps = { deletions: access.deletions, sweep: repositorySweep(engine) }
  while (await access.deletions.isUnderWay(id)) {
    await advanceDeletions(deps, Date.now() + sliceMs)
    if (await access.deletions.isUnderWay(id)) await delay(pollMs)
  }
}
