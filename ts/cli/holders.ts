import { type Command, Option } from 'commander'
import type { Access } from '../access/access.ts'
import { isRobotId } from '../access/principal.ts'
import { type Place, parsePlace } from './addresses.ts'
import { requireRobot, requireTeam } from './required.ts'
import { UsageError } from './terminal.ts'
import { requireUser } from './with-access.ts'

export type HolderKind = 'user' | 'team' | 'robot'

/** What the options of `holderOptions` leave. */
export interface HolderOptions {
  readonly user?: string
  readonly team?: string
  readonly robot?: string
}

/** Whom a command is about, as it was written. */
export type NamedHolder =
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'team' | 'robot'; readonly place: Place }

/** A user, team or robot, as people name it. */
export interface Holder {
  readonly kind: HolderKind
  readonly name: string
}

const values: Record<HolderKind, string> = { user: '<username>', team: '<org/team>', robot: '<org/robot>' }

/** Adds one option for each kind; `readHolder` takes what they hold. */
export function holderOptions(command: Command, descriptions: Partial<Record<HolderKind, string>>): Command {
  for (const kind of ['user', 'team', 'robot'] as const) {
    const description = descriptions[kind]
    if (description !== undefined) command.addOption(new Option(`--${kind} ${values[kind]}`, description))
  }
  return command
}

/** The one that was named. Throws `UsageError` for none or several. */
export function readHolder({ user, team, robot }: HolderOptions, kinds: readonly HolderKind[]): NamedHolder {
  const named: NamedHolder[] = []
  if (user !== undefined) named.push({ kind: 'user', name: user })
  if (team !== undefined) named.push({ kind: 'team', place: parsePlace('team', team) })
  if (robot !== undefined) named.push({ kind: 'robot', place: parsePlace('robot', robot) })
  const [one, ...others] = named
  if (one && others.length === 0) return one
  throw oneOf(
    kinds.map((kind) => `--${kind}`),
    named.length,
  )
}

/** For options of which exactly one was needed, and none or several were `given`. */
export function oneOf(options: readonly string[], given: number): UsageError {
  const all = options.join(', ').replace(/, (?=[^,]*$)/, ' and ')
  return new UsageError(given === 0 ? `one of ${all} must be given.` : `only one of ${all} may be given.`)
}

/** The name as it was written: `jane`, `acme/ci`. */
export function nameOfHolder(holder: NamedHolder): string {
  return holder.kind === 'user' ? holder.name : `${holder.place.organization}/${holder.place.name}`
}

/** The holder's id; throws with one sentence when it does not exist. */
export async function requireHolder(access: Access, holder: NamedHolder): Promise<string> {
  if (holder.kind === 'user') return (await requireUser(access, holder.name)).id
  return (await (holder.kind === 'team' ? requireTeam : requireRobot)(access, holder.place)).id
}

/** Who the id is; one that was deleted is called by its id. `organization` is the name of that of teams and robots. */
export async function describeHolder(access: Access, organization: string, id: string): Promise<Holder> {
  if (id.startsWith('usr_')) return { kind: 'user', name: (await access.users.get(id))?.value.username ?? id }
  const kind = isRobotId(id) ? 'robot' : 'team'
  const known = await (kind === 'robot' ? access.robots : access.teams).get(id)
  return { kind, name: known ? `${organization}/${known.value.name}` : id }
}
