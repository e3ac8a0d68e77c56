import type { Context, Handler, Hono } from 'hono'
import { type ErrorCode, type RegistryError, statusOf } from '../../errors.ts'
import { errorHeaders } from '../../http/error-headers.ts'
import type { Env, Protocol, ProtocolDeps } from '../protocol.ts'
import { readCredentials } from './credentials.ts'
import { npmHandlers } from './handlers.ts'
import { rules } from './rules.ts'
import { describeUnit, downloadOf } from './unit.ts'

/** npm, as its clients speak it: npm 10 to 12, pnpm, Yarn 1 and 4, Bun, Deno. */
export const npm: Protocol = {
  id: 'npm',
  label: 'npm',
  unit: 'version',
  keepsTombstones: true,
  sharesNames: false,
  takesApprovals: true,
  readCredentials,
  routes,
  rootPrefixes: ['/npm', ''],
  rootRoutes: routes,
  renderError,
  describe: describeUnit,
  rules,
  download: downloadOf,
  usage: ({ name, version, base }) => `npm install ${name}@${version} --registry=${base}/`,
  setup: ({ base, token }) => `registry=${base}/\n${base.replace(/^https?:/, '')}/:_authToken=${token}`,
}

/** A name in the path, unscoped or with its slash encoded; and one in two segments. */
const oneSegment = ':name{(?:[^@/][^/]*|@[^/]+%2[fF][^/]+)}'
const twoSegments = ':scope{@[^/%]+}/:name'
const org = '/-/org/:organizationName'
const team = '/-/team/:organizationName/:team'

/** Below a repository's address and at the root alike. What a line needs is asked inside, as the path names it. */
function routes(r: Hono<Env>, deps: ProtocolDeps) {
  const h = npmHandlers(deps)
  /** One line for both spellings of a package's name. */
  const on = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', before: string, after: string, handler: Handler<Env>) =>
    r.on(method, [`${before}${twoSegments}${after}`, `${before}${oneSegment}${after}`], handler)

  r.get('/', h.hello) //                                                                             anybody
  r.get('/-/ping', h.ping) //                                                                        anybody
  r.get('/-/whoami', h.signIn.whoami) //                                                             a user
  r.get('/-/v1/search', h.search) //                                                                 read, each hit
  r.get('/-/all', h.gone)
  r.get('/-/all/since', h.gone)

  r.post('/-/v1/login', h.signIn.startWebLogin) //                                                   anybody
  r.get('/-/v1/done/:secret', h.signIn.pollWebLogin) //                                              who holds the secret
  r.put('/-/user/:user', h.signIn.couchLogin) //                                                     Basic
  r.put('/-/user/:user/-rev/:revision', h.signIn.couchLogin) //                                      Basic
  r.get('/-/user/:user', h.signIn.couchUser) //                                                      a user
  r.get('/-/user/:user/package', h.teamAccess.userPackages) //                                       the user
  r.delete('/-/user/token/:token', h.signIn.logout) //                                               the token's user
  r.get('/-/npm/v1/user', h.account.profile) //                                                      a user
  r.post('/-/npm/v1/user', h.account.changeProfile) //                                               the user, admin
  r.get('/-/npm/v1/tokens', h.account.tokens) //                                                     a user
  r.post('/-/npm/v1/tokens', h.account.createToken) //                                               the user, password
  r.delete('/-/npm/v1/tokens/token/:token', h.account.revokeToken) //                                the token's user

  r.post('/-/npm/v1/security/advisories/bulk', h.security.bulkAdvisories) //                         anybody
  r.post('/-/npm/v1/security/audits', h.security.quickAudit) //                                      anybody
  r.post('/-/npm/v1/security/audits/quick', h.security.quickAudit) //                                anybody
  r.get('/-/npm/v1/keys', h.security.keys) //                                                        anybody
  r.get('/-/npm/v1/attestations/:scope{@[^/%]+}/:spec', h.security.attestations) //                  read
  r.get('/-/npm/v1/attestations/:spec', h.security.attestations) //                                  read

  on('POST', '/-/npm/v1/oidc/token/exchange/package/', '', h.security.exchangeToken) //              anybody

  on('POST', '/-/stage/package/', '', h.stage) //                                                    write
  r.get('/-/stage', h.staging.list) //                                                               read, a user
  r.get('/-/stage/:stage', h.staging.show) //                                                        read, a user
  r.get('/-/stage/:stage/tarball', h.staging.tarball) //                                             read, a user
  r.post('/-/stage/:stage/approve', h.staging.approve) //                                            write
  r.delete('/-/stage/:stage', h.staging.reject) //                                                   write

  on('GET', '/-/package/', '/dist-tags', h.tags.list) //                                             read
  on('PUT', '/-/package/', '/dist-tags', h.tags.replace) //                                          write
  on('POST', '/-/package/', '/dist-tags', h.tags.merge) //                                           write
  on('PUT', '/-/package/', '/dist-tags/:tag', h.tags.set) //                                         write
  on('POST', '/-/package/', '/dist-tags/:tag', h.tags.set) //                                        write
  on('DELETE', '/-/package/', '/dist-tags/:tag', h.tags.remove) //                                   write
  on('GET', '/-/package/', '/visibility', h.visibility.show) //                                      read
  on('POST', '/-/package/', '/access', h.visibility.set) //                                          write
  on('GET', '/-/package/', '/access', h.visibility.access) //                                        read
  on('PUT', '/-/package/', '/owners', h.editing.addOwner) //                                         delete
  on('DELETE', '/-/package/', '/owners/:user', h.editing.removeOwner) //                             delete
  on('GET', '/-/package/', '/collaborators', h.visibility.collaborators) //                          read

  r.get(`${org}/user`, h.membership.members) //                                                      who belongs to it
  r.put(`${org}/user`, h.membership.setMember) //                                                    organization: admin
  r.delete(`${org}/user`, h.membership.removeMember) //                                              organization: admin
  r.get(`${org}/team`, h.membership.teams) //                                                        who belongs to it
  r.put(`${org}/team`, h.membership.createTeam) //                                                   organization: admin
  r.get(`${org}/package`, h.teamAccess.organizationPackages) //                                      read, each package
  r.delete(team, h.membership.destroyTeam) //                                                        organization: admin
  r.get(`${team}/user`, h.membership.teamUsers) //                                                   who belongs to it
  r.put(`${team}/user`, h.membership.addTeamUser) //                                                 its maintainers too
  r.delete(`${team}/user`, h.membership.removeTeamUser) //                                           its maintainers too
  r.get(`${team}/package`, h.teamAccess.teamPackages) //                                             read, each package
  r.put(`${team}/package`, h.teamAccess.grant) //                                                    admin
  r.delete(`${team}/package`, h.teamAccess.revoke) //                                                admin

  r.on(['GET', 'PUT', 'POST', 'DELETE'], ['/-/package/*', '/-/npm/*'], h.notSupported)
  r.all('/-/*', h.unknownEndpoint)

  on('GET', '/', '', h.reading.packument) //                                                         read
  on('PUT', '/', '', h.put) //                                                                       write
  on('PUT', '/', '/-rev/:revision', h.put) //                                                        write; less: delete
  on('DELETE', '/', '/-rev/:revision', h.editing.unpublishAll) //                                    delete
  on('GET', '/', '/-/:file', h.reading.tarball) //                                                   read
  on('GET', '/', '/-/:alias/:file', h.reading.tarball) //                                            read
  on('DELETE', '/', '/-/:file/-rev/:revision', h.editing.unpublishFile) //                           delete
  on('DELETE', '/', '/-/:alias/:file/-rev/:revision', h.editing.unpublishFile) //                    delete
  on('GET', '/', '/:version', h.reading.manifest) //                                                 read
}

/** What npm prints after `npm error`: `error` is the text. */
function renderError(err: RegistryError, c: Context<Env>): Response {
  const { field } = err.details
  if (err.code === 'auth_required' || err.code === 'credentials_invalid') {
    // Never the word OTP here: npm would ask for a one-time password.
    c.header('www-authenticate', 'Bearer realm="stowage", Basic realm="stowage"')
    // npm 10 to 12 print a text of their own for 401, whatever the body says, and this header as a notice.
    c.header('npm-notice', err.message.replace(/[^ -~]/g, '?'))
  }
  for (const [name, value] of Object.entries(errorHeaders(err))) c.header(name, value)
  const status = statusForNpm[err.code] ?? statusOf[err.code]
  // The exchange of CI tokens is where clients look for `message`.
  const message = err.code === 'not_supported' ? { message: err.message } : {}
  return c.json({ error: err.message, code: err.code, ...message, ...(field === undefined ? {} : { field }) }, status)
}

/** npm words a taken version best as 403; a 501 it would ask for again and again, for 70 seconds, before it shows it. */
const statusForNpm: Partial<Record<ErrorCode, 403 | 404>> = { version_exists: 403, not_supported: 404 }
