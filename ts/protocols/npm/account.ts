import { isIP } from 'node:net'
import { allActions } from '../../access/tokens.ts'
import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { Stored } from '../../metadata/engine.ts'
import type { Action, TokenDocument } from '../../metadata/schema.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { type NpmContext, property, requireUser, textProperty } from './place.ts'

const day = 86_400_000

/** `npm profile`, `npm token`: what a user knows and holds of itself. */
export function account({ access, limits }: ProtocolDeps) {
  return {
    profile(c: NpmContext) {
      const { user } = requireUser(c)
      return c.json(profileOf(user))
    },

    /** `npm profile set`: e-mail address, full name, password. Other fields are no part of a user here. */
    async changeProfile(c: NpmContext) {
      const principal = requireUser(c)
      const body = await readJson(c, limits)
      if (property(body, 'tfa') !== undefined) {
        throw new RegistryError('not_supported', 'Two-factor sign-in is not supported by this registry yet.')
      }
      if (principal.token && !principal.token.value.actions.includes('admin')) {
        throw new RegistryError('access_denied', 'This token may not change the user: it lacks the action "admin".')
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
      const { user } = requireUser(c)
      const perPage = Math.min(100, Math.max(1, Number(c.req.query('perPage')) || 100))
      const page = Math.max(0, Number(c.req.query('page')) || 0)
      const all = await access.tokens.list(user.id)
      const objects = all.slice(page * perPage, (page + 1) * perPage).map(printToken)
      const more = all.length > (page + 1) * perPage
      const next = `${c.var.address.base}/-/npm/v1/tokens?page=${page + 1}&perPage=${perPage}`
      return c.json({ objects, urls: more ? { next } : {}, total: all.length })
    },

    async createToken(c: NpmContext) {
      const { user } = requireUser(c)
      const body = await readJson(c, limits)
      const password = textProperty(body, 'password')
      if (password === undefined) throw invalid('password', 'The body needs the password, a string.')
      if (!(await access.users.checkPassword(user.value.username, password))) throw wrongPassword()
      const { text, token } = await access.tokens.create({
        userId: user.id,
        name: textProperty(body, 'name') ?? 'npm token',
        actions: actionsOf(body),
        cidrs: cidrsOf(body),
        ...packagesOf(body),
        ...expiryOf(body),
      })
      return c.json({ ...printToken(token), token: text }, 201)
    },

    async revokeToken(c: NpmContext) {
      const { user } = requireUser(c)
      const key = c.req.param('token') ?? ''
      const byText = key.startsWith('srg_') ? await access.tokens.find(key) : undefined
      const listed = byText ?? (await access.tokens.list(user.id)).find((token) => token.id === key)
      await access.tokens.revoke(user.id, listed?.id ?? key)
      return c.body(null, 204)
    },
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

/** Days, or a date. */
function expiryOf(body: unknown): { expiresAt?: number } {
  const sent = property(body, 'expires')
  if (sent === undefined || sent === null) return {}
  const at = typeof sent === 'number' ? Date.now() + sent * day : Date.parse(String(sent))
  if (Number.isNaN(at)) throw invalid('expires', 'expires is a number of days or a date such as "2027-01-31".')
  return { expiresAt: Math.round(at) }
}

function wrongPassword(): RegistryError {
  return new RegistryError('credentials_invalid', 'The password is wrong.', { field: 'password' })
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
