import type { Action } from '../metadata/access-schema.ts'
import { type Surface, seenFrom } from './kinds.ts'
import { expected, type Kind, type Need, type Outcome, type Shown } from './model.ts'
import type { NameKey, Names, World } from './world.ts'

/** What a request is made of beside the credentials. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a browser's form. */
  readonly form?: Readonly<Record<string, string>>
}

/** One line of the table: a route, what it needs by the rules, and a request that does not disturb the others. */
export interface Row {
  /** `GET /-/ping`, method and path as they were registered. */
  readonly route: string
  readonly surface: Surface
  /** Asked in this order. A function where the rules have no word for it. */
  readonly needs: readonly Need[] | ((kind: Kind, shown: Shown) => Outcome)
  /** How whoever may is answered: `200`, `404 token_unknown`; what would change something fails after the gate. */
  readonly done: string | ((kind: Kind) => string)
  /** The codes of a thing that is not there. Default: a repository's. */
  readonly unknown?: string | readonly string[]
  /** Names in the path: whoever may not read what one names is told the same of a name never used. */
  readonly hides?: readonly NameKey[]
  request(names: Names, kind: Kind): Sent
  /** Makes what a permitted request uses up. */
  readonly before?: (world: World) => Promise<void>
  /** Who may delete and not write is looked up in another way; see staging.ts. */
  readonly isLookedUpOtherwise?: boolean
  /** The answer is a list that has the word for whoever meets the need, and for nobody else. */
  readonly lists?: readonly [word: string, need: Need]
  /** The same as another row, its name spelled in another way: some kinds of principals send it. */
  readonly isSpelling?: boolean
}

export const nothing: readonly Need[] = [{ of: 'nothing' }]
export const anybody: readonly Need[] = [{ of: 'anybody' }]
/** Who reads anything at all: lists of what is public. */
export const readers: readonly Need[] = [{ of: 'readers' }]
export const signedIn: Need = { of: 'signed in' }
export const aUser: readonly Need[] = [{ of: 'user' }]
/** The right to do this with the package of the path. */
export const aPackage = (action: Action): Need => ({ of: 'repository', action, package: 'this' })
/** The right to do this with the repository, no package being named. */
export const repository = (action: Action): Need => ({ of: 'repository', action, package: 'none' })
/** The right to do this with some package of the repository. */
export const somePackage = (action: Action): Need => ({ of: 'repository', action, package: 'some' })
export const organization = (action: 'read' | 'admin' | 'delete'): Need => ({ of: 'organization', action })
/** The right to make, change and remove owners. */
export const owners: readonly Need[] = [organization('admin'), { of: 'owners' }]
export const team = (action: 'read' | 'members' | 'admin'): Need => ({ of: 'team', action })
export const settings: Need = { of: 'settings' }
/** What lists of packages show to whoever may read it. */
export const thePackage = ['wombat', aPackage('read')] as const
export const account = (action: 'read' | 'admin'): Need => ({ of: 'account', action })
export const platform = (action: 'read' | 'admin'): Need => ({ of: 'platform', action })

/** How the request must end. */
export function expectedOf({ needs, surface }: Row, kind: Kind, shown: Shown): Outcome {
  const seen = seenFrom(surface, kind)
  return typeof needs === 'function' ? needs(seen, shown) : expected(needs, seen, shown)
}

/** What whoever may is answered. */
export function doneOf({ done, surface }: Row, kind: Kind): string {
  return typeof done === 'function' ? done(seenFrom(surface, kind)) : done
}

/** True when nothing that a name in the path names decides about the request. */
export function asksForNothingNamed({ needs }: Row): boolean {
  if (typeof needs === 'function') return false
  return needs.every(({ of }) =>
    ['nothing', 'anybody', 'readers', 'signed in', 'user', 'account', 'platform'].includes(of),
  )
}
