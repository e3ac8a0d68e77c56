import assert from 'node:assert/strict'
import type { RepositoryDocument } from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { openTestApp, type TestApp } from './app.ts'

/** `Authorization` of a user and password, or of any user and a token. */
export function basic(username: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** What the token service answers, and what an error has. */
export interface AuthAnswer {
  readonly token: string
  readonly access_token: string
  readonly refresh_token?: string
  readonly expires_in: number
  readonly issued_at: string
  readonly scope?: string
  readonly token_type?: string
  readonly errors: readonly [{ readonly code: string; readonly message: string }]
}

/** The body of an answer. */
export const bodyOf = async (response: Response): Promise<AuthAnswer> => (await response.json()) as AuthAnswer

/** Somebody as the token service may be asked. */
export interface Asker {
  readonly id: string
  /** A token of the list that may do everything. */
  readonly text: string
}

/**
 * `acme`, with its default repository (private), `tools` and `open` (public), its owner olga, mona, who may write to the
 * default repository alone, and rita, who belongs to nothing.
 */
export interface Auth extends TestApp {
  readonly acme: string
  readonly olga: Asker
  readonly mona: Asker
  readonly rita: Asker
  repository(name: string, settings?: Partial<RepositoryDocument>): Promise<string>
  /** GET /v2/token with these scopes; `as`: a token as the password. */
  ask(as: string | undefined, ...scopes: string[]): Promise<Response>
  /** The token that `ask` is given. */
  tokenFor(as: string | undefined, ...scopes: string[]): Promise<string>
  /** POST /v2/token with this form. */
  post(form: Record<string, string>): Promise<Response>
}

/** A fresh one; dispose of it. */
export async function openAuth(engine?: (engine: MetadataEngine) => MetadataEngine): Promise<Auth> {
  const t = await openTestApp({}, engine ? { engine } : {})
  const someone = async (name: string): Promise<Asker> => {
    const { id } = await t.aUser(name)
    return { id, text: (await t.aToken({ id })).text }
  }
  const [olga, mona, rita] = [await someone('olga'), await someone('mona'), await someone('rita')]
  const { id: acme } = await t.access.organizations.create({ name: 'acme', ownerId: olga.id })
  const repository = async (name: string, settings: Partial<RepositoryDocument> = {}) => {
    const place = { organizationId: acme, protocol: 'oci', name, createdBy: olga.id }
    return (await t.access.repositories.create({ ...place, ...settings })).id
  }
  const images = await repository('oci')
  await repository('tools')
  await repository('open', { visibility: 'public' })
  await t.access.grants.setPermission(images, { holderId: mona.id, role: 'developer' })

  const ask: Auth['ask'] = (as, ...scopes) => {
    const query = new URLSearchParams(scopes.map((scope) => ['scope', scope]))
    const headers = as === undefined ? {} : basic('token', as)
    return t.request('GET', `/v2/token?service=stowage&${query}`, { headers })
  }
  return {
    ...t,
    acme,
    olga,
    mona,
    rita,
    repository,
    ask,
    async tokenFor(as, ...scopes) {
      const response = await ask(as, ...scopes)
      assert.equal(response.status, 200)
      return (await bodyOf(response)).token
    },
    post: (form) =>
      t.request('POST', '/v2/token', {
        body: Buffer.from(String(new URLSearchParams(form))),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
  }
}

/** What a token of the token service says that it is for. */
export function scopesOf(token: string): string {
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const scopes: { kind: string; name: string; actions: string[] }[] = payload.scopes
  return scopes.map(({ name, actions }) => `${name} ${actions.join()}`).join('; ')
}
