import type { Need } from './model.ts'
import type { Row } from './row.ts'
import type { NameKey, Names, World } from './world.ts'

const name = '[a-z0-9]+(?:-[a-z0-9]+)*'

/** Where npm's routes hang: at a repository's address, and at the two roots that lead to the default repository. */
export interface Mount {
  /** As registered. */
  readonly pattern: string
  readonly isRepository: boolean
  at(names: Names): string
}

/** All of them. */
export const mounts: readonly Mount[] = [
  {
    pattern: `/npm/:organization{${name}}/:repository{${name}}`,
    isRepository: true,
    at: (names) => `/npm/${names.organization}/${names.repository}`,
  },
  { pattern: '/npm', isRepository: false, at: () => '/npm' },
  { pattern: '', isRepository: false, at: () => '' },
]

/** A line of the table, once for every mount. */
export interface NpmLine {
  /** `GET /-/ping`: method and pattern below the mount. */
  readonly line: string
  readonly needs: Row['needs']
  readonly done: Row['done']
  readonly unknown?: string | readonly string[]
  readonly hides?: readonly NameKey[]
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the pattern, for one without parameters. */
  path?(names: Names, mount: Mount, username: string): string
  /** Of a line that answers every method. */
  readonly method?: string
  readonly before?: (world: World) => Promise<void>
  readonly lists?: readonly [word: string, need: Need]
  readonly isSpelling?: boolean
  readonly isLookedUpOtherwise?: boolean
}
