import { RegistryError } from '../errors.ts'
import type { Action } from '../metadata/access-schema.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { checkCidr, isWithinRanges } from './cidrs.ts'
import { verbs } from './gate-words.ts'
import { isWithinPattern } from './name-patterns.ts'
import { actorOf, type Principal } from './principal.ts'
import type { NewToken } from './tokens.ts'

/** How far a token reaches, made or about to be. */
export type TokenReach = Pick<NewToken, 'actions' | 'cidrs' | 'expiresAt' | (typeof lists)[number]['field']>

/** The lists that limit a token when they are there. */
const lists = [
  { field: 'protocols', isWithin: (item: string, own: readonly string[]) => own.includes(item) },
  { field: 'organizations', isWithin: (item: string, own: readonly string[]) => own.includes(item) },
  { field: 'repositories', isWithin: (item: string, own: readonly string[]) => own.includes(item) },
  {
    field: 'packages',
    isWithin: (item: string, own: readonly string[]) => own.some((pattern) => isWithinPattern(item, pattern)),
  },
] as const

/**
 * The one rule for whoever makes a token, or gives one a new secret: who signed in hands on what it likes, but a token
 * needs the action `admin`, and hands on nothing that reaches further than itself. Throws `auth_required`,
 * `access_denied` with every field that is too wide, `payload_invalid` for ranges that are none. `nameOf` says what to
 * call an organization's id.
 */
export function refuseWiderToken(principal: Principal, wanted: TokenReach, nameOf = (id: string) => id): void {
  if (principal.kind === 'anonymous') throw new RegistryError('auth_required', 'Sign in first.')
  const { token } = principal
  if (!token) return
  const { value: own } = token
  if (!own.actions.includes('admin')) {
    const rule = `the token "${own.name}" of ${actorOf(principal).name} lacks the action admin`
    throw new RegistryError('access_denied', `You may not make tokens with this one: ${rule}.`)
  }
  const errors = [...widerActions(own, wanted), ...widerLists(own, wanted, nameOf), ...widerTimes(own, wanted)]
  if (errors.length === 0) return
  const message = `The token "${own.name}" makes none that reaches further than itself: ${errors[0]?.message}`
  throw new RegistryError('access_denied', message, { errors })
}

interface Wider {
  readonly field: string
  readonly message: string
}

function widerActions(own: TokenDocument, { actions }: TokenReach): Wider[] {
  const more = actions.filter((action) => !own.actions.includes(action))
  return more.length === 0 ? [] : [{ field: 'actions', message: `It may not ${alternatives(more)} itself.` }]
}

/** `write`, `write or delete`: in a sentence. */
function alternatives(actions: readonly Action[]): string {
  return new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(actions.map((action) => verbs[action]))
}

function widerLists(own: TokenDocument, wanted: TokenReach, nameOf: (id: string) => string): Wider[] {
  const wider = lists.filter(({ field, isWithin }) => {
    const limit = own[field]
    return limit && !wanted[field]?.every((item) => isWithin(item, limit))
  })
  const ranges = (wanted.cidrs ?? []).map(checkCidr)
  const isFromEverywhere = ranges.length === 0 || !ranges.every((range) => isWithinRanges(range, own.cidrs))
  const fields = [
    ...wider.map(({ field }) => field),
    ...(own.cidrs.length > 0 && isFromEverywhere ? (['cidrs'] as const) : []),
  ]
  return fields.map((field) => ({
    field,
    message: `It is limited to: ${own[field]?.map(nameOf).join(', ') || 'none'}.`,
  }))
}

function widerTimes(own: TokenDocument, { expiresAt }: TokenReach): Wider[] {
  if (own.expiresAt === undefined || (expiresAt !== undefined && expiresAt <= own.expiresAt)) return []
  return [{ field: 'expiresAt', message: `It ends at ${new Date(own.expiresAt).toISOString()} itself.` }]
}
