import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import {
  adminName,
  adminPassword,
  type LoggedRequest,
  type ServerProcess,
  startServerProcess,
} from './server-process.ts'

/**
 * A server for package clients, in a process of its own. The administrator owns the organizations `main` and `acme`;
 * the repository `npm/main/open` is public.
 */
export interface ClientRegistry extends AsyncDisposable {
  /** With a slash at the end, as registries are written. */
  readonly url: string
  readonly server: ServerProcess
  /** The administrator's: it may do everything. */
  readonly token: string
  /** Makes one more administrator, with the first one's password; resolves to a token. */
  person(username: string): Promise<string>
  /** A request with the administrator's token, or with another, or (`''`) without; the path starts with no slash. */
  fetch(path: string, init?: RequestInit, token?: string): Promise<Response>
  /** Publishes a package with an `index.js` that exports `name version`, without any client. */
  publish(name: string, version: string, more?: Published): Promise<void>
  /** Runs something and resolves to the requests that were answered meanwhile. */
  requestsOf(run: () => Promise<unknown>): Promise<readonly LoggedRequest[]>
}

export interface Published {
  /** What else package.json says. */
  readonly packageJson?: Record<string, unknown>
  /** Path of a repository, as in `npm/main/open/`. */
  readonly at?: string
}

/** Starts it; see `ClientRegistry`. */
export async function startClientRegistry(): Promise<ClientRegistry> {
  const server = await startServerProcess()
  const url = `${server.url}/`
  const [token] = await Promise.all([
    server.adminToken(),
    server.command(['org', 'create', 'acme', '--owner', adminName]),
    server.command(['repo', 'create', 'npm/main/open', '--visibility', 'public']),
  ])
  const fetchAs: ClientRegistry['fetch'] = (path, init = {}, as = token) =>
    fetch(url + path, { ...init, headers: { ...(as && { authorization: `Bearer ${as}` }), ...init.headers } })

  return {
    url,
    server,
    token,
    fetch: fetchAs,
    async person(username) {
      const who = ['--username', username, '--email', `${username}@example.com`]
      await server.command(['admin', 'create', ...who, '--password-stdin'], `${adminPassword}\n`)
      const made = ['--user', username, '--name', 'test', '--actions', 'read,write,delete,admin']
      return (await server.command(['token', 'create', ...made])).trim()
    },
    async publish(name, version, { packageJson = {}, at = '' } = {}) {
      const { body } = aPublishBody(name, version, {
        packageJson: { name, version, ...packageJson },
        files: { 'index.js': `module.exports = '${name} ${version}'\n` },
      })
      const headers = { 'content-type': 'application/json' }
      const path = at + name.replace('/', '%2f')
      const response = await fetchAs(path, { method: 'PUT', headers, body: JSON.stringify(body) })
      if (!response.ok) throw new Error(`Publishing ${name}: ${response.status} ${await response.text()}`)
    },
    async requestsOf(run) {
      const before = (await server.requests()).length
      await run()
      return (await server.requests()).slice(before)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
