import type { Command } from 'commander'
import type { UserChanges } from '../access/users.ts'
import { confirmationOption, confirmName } from './deletion.ts'
import type { Terminal } from './terminal.ts'
import { requireUser, withAccess } from './with-access.ts'

interface Change {
  readonly command: string
  readonly description: string
  readonly changes: UserChanges
  /** Follows the name in the sentence about what was done. */
  readonly done: string
}

const rightsChanges: readonly Change[] = [
  {
    command: 'disable',
    description: 'take every right from a user until they are enabled again; their tokens stop working',
    changes: { isActive: false },
    done: 'is disabled.',
  },
  {
    command: 'enable',
    description: 'give a disabled user back what they had',
    changes: { isActive: true },
    done: 'is enabled.',
  },
  {
    command: 'promote',
    description: 'make a user a platform admin, who may do everything',
    changes: { isPlatformAdmin: true },
    done: 'is a platform admin now.',
  },
  {
    command: 'demote',
    description: 'make a platform admin a user like others',
    changes: { isPlatformAdmin: false },
    done: 'is no platform admin now.',
  },
]

/** Adds `stowage user disable`, `enable`, `promote`, `demote` and `delete`. */
export function userRightsCommands(user: Command, terminal: Terminal): void {
  for (const { command, description, changes, done } of rightsChanges) {
    user
      .command(command)
      .description(description)
      .argument('<username>', 'who it is')
      .addHelpText('after', `\nExample:\n  $ stowage user ${command} jane`)
      .action((username: string) => changeUser(username, changes, done, terminal))
  }
  confirmationOption(user.command('delete').argument('<username>', 'who it is'))
    .description('remove a user with tokens, sessions and permissions; what they published stays')
    .addHelpText('after', '\nExample:\n  $ stowage user delete jane --yes')
    .action((username: string, options: { yes?: true }) => deleteUser(username, options, terminal))
}

async function changeUser(username: string, changes: UserChanges, done: string, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { value } = await access.users.update((await requireUser(access, username)).id, changes)
    terminal.print(`The user ${value.username} ${done}`)
  })
}

async function deleteUser(username: string, options: { yes?: true }, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { id, value } = await requireUser(access, username)
    await confirmName(terminal, value.username, options, `The user "${value.username}" with all tokens and permissions`)
    await access.removeUser(id)
    terminal.print(`The user ${value.username} is gone, and so are their tokens.`)
  })
}
