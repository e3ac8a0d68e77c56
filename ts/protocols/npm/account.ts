import { isIP } from 'node:net'
import type { UserPrincipal } from '../../access/principal.ts'
import { refuseWiderToken } from '../../access/token-delegation.ts'
import { allActions } from '../../access/tokens.ts'
import { type ErrorDetails, RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { Action } from '../../metadata/access-schema.ts'
import type { Stored } from '../../metadata/engine.ts'
import type { TokenDocument } from '../../metadata/sign-in-schema.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { type NpmContext, property, requireUser, textProperty } from './place.ts'

const day = 86_400_000
const maxListed = 1000

/** `npm profile`, `npm token`: what a user knows and holds of itself. */
export function account({ access, limits }: ProtocolDeps) {
  return {
    profile(c: NpmContext) {
      const { user } = access.enterAccount(requireUser(c), 'read')
      return c.json(profileOf(user))
    },

    /** `npm profile set`: e-mail address, full name, password. Other fields are no part of a user here. */
    async changeProfile(c: NpmContext) {
      const principal = access.enterAccount(requireUser(c), 'admin')
      const body = await readJson(c, limits)
      if (property(body, 'tfa') !== undefined) {
        throw new RegistryError('not_supported', 'Two-factor sign-in is not supported by this registry yet.')
      }
      let { user } = principal
      const password = property(body, 'password')
      if (password !== undefined) {
        const current = textProperty(password, 'old') ?? ''
        const next = textProperty(password, 'new') ?? ''
        if (!(await access.users.checkPassword(user.value.username, current))) throw wrongPassword()
        user = await access.users.setPassword(user.id, next)
      }
      const email = textProperty(body, 'email')
      const displayName = textProperty(body, 'fullname')
      if (email !== undefined || displayName !== undefined) {
        user = await access.users.setProfile(user.id, {
          ...(email === undefined ? {} : { email }),
          ...(displayName === undefined ? {} : { displayName }),
        })
      }
      return c.json(profileOf(user))
    },

    async tokens(c: NpmContext) {
      const { user } = access.enterAccount(requireUser(c), 'read')
      const perPage = Math.min(100, Math.max(1, Number(c.req.query('perPage')) || 100))
      const page = Math.max(0, Number(c.req.query('page')) || 0)
      const { items: all } = await access.tokens.list(user.id, { limit: maxListed })
      const objects = all.slice(page * perPage, (page + 1) * perPage).map(printToken)
      const more = all.length > (page + 1) * perPage
      const next = `${c.var.address.base}/-/npm/v1/tokens?page=${page + 1}&perPage=${perPage}`
      return c.json({ objects, urls: more ? { next } : {}, total: all.length })
    },

    /** The password does not widen what the token that came along may hand on. */
    async createToken(c: NpmContext) {
      const principal = access.enterAccount(requireUser(c), 'admin')
      const { user } = principal
      const body = await readJson(c, limits)
      const password = textProperty(body, 'password')
      if (password === undefined) throw invalid('password', 'The body needs the password, a string.')
      if (!(await access.users.checkPassword(user.value.username, password))) throw wrongPassword()
      const { text, token } = await makeToken(principal, body).catch(inNpmsWords)
      return c.json({ ...printToken(token), token: text }, 201)
    },

    async revokeToken(c: NpmContext) {
      const principal = requireUser(c)
      const key = c.req.param('token') ?? ''
      const id = key.startsWith('srg_') ? ((await access.tokens.find(key))?.id ?? key) : key
      // A token may end itself; others need the right to administrate.
      if (principal.token?.id !== id) access.enterAccount(principal, 'admin')
      await access.tokens.revoke(principal.user.id, id)
      return c.body(null, 204)
    },
  }

  async function makeToken(principal: UserPrincipal, body: unknown) {
    const until = principal.token?.value.expiresAt
    // Who says no end, as npm before 11.6 cannot, gets that of the token that came along.
    const end = { ...(until !== undefined && { expiresAt: until }), ...expiryOf(body) }
    const wanted = { actions: actionsOf(body), cidrs: cidrsOf(body), ...packagesOf(body), ...end }
    refuseWiderToken(principal, wanted)
    return access.tokens.create({
      userId: principal.user.id,
      name: textProperty(body, 'name') ?? 'npm token',
      ...wanted,
    })
  }
}

function profileOf({ value }: { value: { username: string; email: string; displayName: string; createdAt: number } }) {
  return {
    name: value.username,
    email: value.email,
    email_verified: true,
    fullname: value.displayName,
    created: new Date(value.createdAt).toISOString(),
    tfa: false,
  }
}

function printToken({ id, value }: Stored<TokenDocument>) {
  const created = new Date(value.createdAt).toISOString()
  return {
    key: id,
    id,
    name: value.name,
    // npm puts an ellipsis behind it.
    token: value.hint,
    cidr_whitelist: value.cidrs.length > 0 ? value.cidrs : null,
    readonly: !value.actions.some((action) => action !== 'read'),
    automation: false,
    created,
    updated: created,
    expires: value.expiresAt === undefined ? null : new Date(value.expiresAt).toISOString(),
    packages: value.packages ?? null,
  }
}

/**
 * `--read-only` (npm 10), or the granular `--packages-and-scopes-permission` of npm 12, which takes `--read-only` and
 * sends nothing of it: who names no permission gets the least.
 */
function actionsOf(body: unknown): readonly Action[] {
  const permission = textProperty(body, 'packages_and_scopes_permission')
  const readonly = property(body, 'readonly') ?? permission === undefined
  if (typeof readonly !== 'boolean') throw invalid('readonly', 'readonly is true or false.')
  if (readonly === true || permission === 'read-only') return ['read']
  if (permission !== undefined && permission !== 'read-write') {
    const message = `The permission "${permission}" is not supported by this registry; use read-only or read-write.`
    throw new RegistryError('not_supported', message, { field: 'packages_and_scopes_permission' })
  }
  return allActions
}

function cidrsOf(body: unknown): readonly string[] {
  const sent = property(body, 'cidr_whitelist')
  if (sent === undefined || sent === null) return []
  if (!Array.isArray(sent) || !sent.every((cidr) => typeof cidr === 'string' && isIP(cidr.split('/')[0] ?? '') !== 0)) {
    throw invalid('cidr_whitelist', 'cidr_whitelist is a list of ranges such as "10.0.0.0/8" or "2001:db8::/32".')
  }
  return sent
}

/** Granular tokens of npm 11.6 and later: names, and scopes, with or without their `@`, as `@scope/*`. */
function packagesOf(body: unknown): { packages?: readonly string[] } {
  const names = [
    ...textList(body, 'packages'),
    ...textList(body, 'scopes').map((scope) => `@${scope.replace(/^@/, '')}/*`),
  ]
  return names.length === 0 || property(body, 'packages_all') === true ? {} : { packages: names }
}

function textList(body: unknown, field: string): string[] {
  const sent = property(body, field)
  if (sent === undefined || sent === null) return []
  if (!Array.isArray(sent) || !sent.every((item) => typeof item === 'string')) {
    throw invalid(field, `${field} is a list of strings.`)
  }
  return sent
}

/** Days, or a date. npm before 11.6 cannot say any: where the platform has a maximum, that is what it gets. */
function expiryOf(body: unknown): { expiresAt?: number; shortened?: boolean } {
  const sent = property(body, 'expires')
  if (sent === undefined || sent === null) return { shortened: true }
  const at = typeof sent === 'number' ? Date.now() + sent * day : Date.parse(String(sent))
  if (Number.isNaN(at)) throw invalid('expires', 'expires is a number of days or a date such as "2027-01-31".')
  return { expiresAt: Math.round(at) }
}

const npmsFields = new Map([
  ['expiresAt', 'expires'],
  ['cidrs', 'cidr_whitelist'],
])

/** Names the field as npm sends it. */
function inNpmsWords(err: unknown): never {
  if (!(err instanceof RegistryError)) throw err
  const field = npmsFields.get(err.details.field ?? '')
  if (field === undefined) throw err
  const details: ErrorDetails = { ...err.details, field }
  throw new RegistryError(err.code, err.message, details)
}

function wrongPassword(): RegistryError {
  return new RegistryError('credentials_invalid', 'The password is wrong.', { field: 'password' })
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
