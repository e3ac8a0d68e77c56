import type { Command } from 'commander'
import type { RepositorySettings } from '../access/repositories.ts'
import type { Visibility } from '../metadata/access-schema.ts'
import { visibilityOption, wordList } from './options.ts'

/** What the options of `settingOptions` leave. */
export interface SettingOptions {
  readonly visibility?: Visibility
  readonly description?: string
  readonly requiresApproval?: boolean
  readonly refusesSimilarNames?: boolean
  readonly ownersOnly?: boolean
  /** False: none. */
  readonly immutableTags?: readonly string[] | false
}

/** Adds an option for each setting of a repository. */
export function settingOptions(command: Command): Command {
  return command
    .addOption(visibilityOption('who may read it'))
    .option('--description <text>', 'what it is for')
    .option('--requires-approval', 'somebody else than the publisher approves what is published')
    .option('--no-requires-approval', 'publishing needs no approval')
    .option('--refuses-similar-names', 'refuse new names that differ in case, `-`, `_` and `.` alone')
    .option('--no-refuses-similar-names', 'take such names')
    .option('--owners-only', 'a package that exists is written by its owners alone')
    .option('--no-owners-only', 'who may write in the repository may write every package')
    .option('--immutable-tags <list>', 'neither move nor remove these tags; `*` at the end matches the rest', wordList)
    .option('--no-immutable-tags', 'move and remove all tags')
}

/** The settings that were given. */
export function settingsIn(options: SettingOptions): Partial<RepositorySettings> {
  const { visibility, description, requiresApproval, refusesSimilarNames, ownersOnly, immutableTags } = options
  return {
    ...(visibility && { visibility }),
    ...(description !== undefined && { description }),
    ...(requiresApproval !== undefined && { requiresApproval }),
    ...(refusesSimilarNames !== undefined && { refusesSimilarNames }),
    ...(ownersOnly !== undefined && { ownersOnly }),
    ...(immutableTags !== undefined && { immutableTags: immutableTags || [] }),
  }
}
