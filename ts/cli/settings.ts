import type { Command } from 'commander'
import type { PlatformSettings } from '../access/platform-settings.ts'
import { bannerLevels, type SettingsChanges } from '../access/platform-settings-changes.ts'
import { flag, ValueError } from '../config/values.ts'
import type { Stored } from '../metadata/engine.ts'
import type { BannerLevel, PlatformSettingsDocument } from '../metadata/sign-in-schema.ts'
import { wordList } from './options.ts'
import { printDone, printFacts } from './table.ts'
import { type Terminal, UsageError } from './terminal.ts'
import { withAccess } from './with-access.ts'

interface Options {
  readonly json?: true
}

interface SetOptions extends Options {
  readonly level?: string
}

/** Adds `stowage settings show` and `set`. */
export function settingsCommand(program: Command, terminal: Terminal): void {
  const settings = program.command('settings').description('what holds for everybody').helpCommand(false)
  settings
    .command('show')
    .description('print the settings')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage settings show')
    .action((options: Options) => showSettings(options, terminal))
  settings
    .command('set')
    .description('change one of the settings; a running server follows within 5 seconds')
    .argument('<key>', Object.keys(readers).join(', '))
    .argument('<value>', 'see below')
    .option('--level <level>', `of a banner: ${bannerLevels.join(', ')} (default: info)`)
    .option('--json', 'print the settings as JSON')
    .addHelpText('after', values)
    .action((key: string, value: string, options: SetOptions) => setSetting(key, value, options, terminal))
}

const values = `
Keys and values:
  anonymous-access         on, off: whether who is not signed in reads what is public; ANONYMOUS_ACCESS=false wins
  sign-up                  on, off: whether who is not signed in may make an account
  max-token-lifetime-days  a number, none: older tokens end, those that never expire too
  reserved-names           names separated by commas, none: for no organization and no user; replaces those before
  banner                   a line of text, none: shown on the server's own pages

Examples:
  $ stowage settings set anonymous-access off
  $ stowage settings set max-token-lifetime-days 90
  $ stowage settings set reserved-names admin,support,security
  $ stowage settings set banner "Maintenance on Sunday, 8 to 9 UTC" --level warning`

const none = 'none'

const readers: Readonly<Record<string, (value: string, level: BannerLevel) => SettingsChanges>> = {
  'anonymous-access': (value) => ({ anonymousAccess: onOrOff(value) }),
  'sign-up': (value) => ({ signUp: onOrOff(value) }),
  'max-token-lifetime-days': (value) => ({ maxTokenLifetimeDays: value === none ? null : days(value) }),
  'reserved-names': (value) => ({ reservedNames: value === none ? [] : wordList(value) }),
  banner: (text, level) => ({ banner: text === none ? null : { text, level } }),
}

async function showSettings(options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async ({ platformSettings }) => {
    printFacts(terminal, factsOf(platformSettings, await platformSettings.read()), options)
  })
}

async function setSetting(key: string, value: string, options: SetOptions, terminal: Terminal): Promise<void> {
  const changes = readChange(key, value, options)
  await withAccess(terminal.env, async ({ platformSettings }) => {
    const facts = factsOf(platformSettings, await platformSettings.change(changes))
    printDone(terminal, `The setting ${key} is changed.`, facts, options)
    if (changes.anonymousAccess === true && !platformSettings.mayOpen) {
      terminal.note('Anonymous access stays off: ANONYMOUS_ACCESS=false in the configuration.')
    }
  })
}

function readChange(key: string, value: string, { level }: SetOptions): SettingsChanges {
  const read = Object.hasOwn(readers, key) ? readers[key] : undefined
  if (!read) throw new UsageError(`there is no setting "${key}", but ${Object.keys(readers).join(', ')}.`)
  if (level !== undefined && key !== 'banner') throw new UsageError('--level is for the banner alone.')
  const known = bannerLevels.find((word) => word === (level ?? 'info'))
  if (!known) throw new UsageError(`--level is one of ${bannerLevels.join(', ')}.`)
  return read(value, known)
}

function onOrOff(value: string): boolean {
  try {
    return flag(value)
  } catch (err) {
    throw err instanceof ValueError ? new UsageError(`the value is on or off, not "${value}".`) : err
  }
}

function days(value: string): number {
  if (/^\d{1,6}$/.test(value)) return Number(value)
  throw new UsageError(`the value is a whole number of days or "${none}", not "${value}".`)
}

function factsOf({ mayOpen }: PlatformSettings, { value }: Stored<PlatformSettingsDocument>) {
  const { anonymousAccess, signUp, maxTokenLifetimeDays, reservedNames, banner } = value
  return {
    anonymousAccess,
    anonymousAccessInForce: anonymousAccess && mayOpen,
    signUp,
    maxTokenLifetimeDays: maxTokenLifetimeDays ?? null,
    reservedNames,
    banner: banner?.text ?? null,
    bannerLevel: banner?.level ?? null,
  }
}
