import type { OrganizationRole } from '../metadata/access-schema.ts'
import { stages } from '../metadata/package-schema.ts'
import { stageIdOf } from '../protocols/npm/stage-id.ts'
import type { Need, Outcome } from './model.ts'
import { type Mount, mounts, type NpmLine } from './npm-line.ts'
import { packageRows } from './npm-package-rows.ts'
import {
  account,
  anybody,
  aPackage,
  aUser,
  nothing,
  organization,
  owners,
  type Row,
  repository,
  signedIn,
  team,
  thePackage,
} from './row.ts'
import { type NameKey, type Names, usernameOf, type World } from './world.ts'

const stageNeeds = (action: 'read' | 'write'): readonly Need[] => [signedIn, aPackage(action)]
const stageOf = (names: Names, { isRepository }: Mount) => (isRepository ? names.stage : names.rootStage)
const org = '/-/org/:organizationName'
const teamPattern = '/-/team/:organizationName/:team'

const lines: readonly NpmLine[] = [
  { line: 'GET /-/ping', needs: anybody, done: '200' },
  { line: 'GET /-/whoami', needs: [signedIn], done: '200' },
  { line: 'GET /-/all', needs: anybody, done: '404 not_supported' },
  { line: 'GET /-/all/since', needs: anybody, done: '404 not_supported' },

  { line: 'POST /-/v1/login', needs: nothing, done: '200', body: {} },
  { line: 'GET /-/v1/done/:secret', needs: nothing, done: '404 token_unknown', path: () => '/-/v1/done/never-told' },
  {
    line: 'PUT /-/user/:user',
    needs: couchLogin,
    done: '409 name_taken',
    path: couchPath(),
    body: { name: 'someone' },
  },
  {
    line: 'PUT /-/user/:user/-rev/:revision',
    needs: couchLoginWithRevision,
    done: '409 name_taken',
    path: couchPath('/-rev/1'),
    body: { name: 'someone' },
  },
  { line: 'GET /-/user/:user', needs: aUser, done: '200', path: () => couch('bystander') },
  { line: 'GET /-/user/:user', needs: nothingOfAToken, done: '200', path: () => `${couch('bystander')}?write=true` },
  {
    line: 'GET /-/user/:user/package',
    needs: aUser,
    done: '200',
    path: (_names, _mount, username) => `/-/user/${username || 'nobody'}/package`,
  },
  {
    line: 'DELETE /-/user/token/:token',
    needs: aUser,
    done: '404 token_unknown',
    path: () => '/-/user/token/none',
  },
  { line: 'GET /-/npm/v1/user', needs: [account('read')], done: '200' },
  {
    line: 'POST /-/npm/v1/user',
    needs: [account('admin')],
    done: '400 payload_invalid',
    body: { email: 'no address' },
  },
  { line: 'GET /-/npm/v1/tokens', needs: [account('read')], done: '200' },
  { line: 'POST /-/npm/v1/tokens', needs: [account('admin')], done: '400 payload_invalid', body: {} },
  {
    line: 'DELETE /-/npm/v1/tokens/token/:token',
    needs: [account('admin')],
    done: '404 token_unknown',
    path: () => '/-/npm/v1/tokens/token/none',
  },

  { line: 'POST /-/npm/v1/security/advisories/bulk', needs: anybody, done: '200', body: { wombat: ['1.0.0'] } },
  { line: 'POST /-/npm/v1/security/audits', needs: anybody, done: '200', body: {} },
  { line: 'POST /-/npm/v1/security/audits/quick', needs: anybody, done: '200', body: {} },
  { line: 'GET /-/npm/v1/keys', needs: anybody, done: '200' },

  {
    line: 'GET /-/stage',
    needs: [signedIn, repository('read')],
    done: '200',
    hides: ['organization', 'repository'],
  },
  {
    line: 'GET /-/stage',
    needs: stageNeeds('read'),
    done: '200',
    path: (names) => `/-/stage?package=${names.package}`,
    hides: ['organization', 'repository', 'package'],
  },
  stage('GET', '', 'read', '200'),
  stage('GET', '/tarball', 'read', '200'),
  { ...stage('GET', '/tarball', 'read', '206'), headers: { range: 'bytes=0-3' } },
  stage('POST', '/approve', 'write', '403 version_exists'),
  stage('DELETE', '', 'write', '200'),

  ofOrganization('GET /user', organization('read'), '200'),
  {
    ...ofOrganization('GET /user', organization('read'), '200'),
    path: (names) => `/-/org/@${names.organization}/user`,
  },
  ofOrganization('PUT /user', organization('admin'), '400 payload_invalid'),
  ofOrganization('DELETE /user', organization('admin'), '400 payload_invalid'),
  ofAnOwner('PUT', { user: 'someone-who-rises', role: 'owner' }, '200', 'member'),
  ofAnOwner('PUT', { user: 'someone-who-rises', role: 'developer' }, '200', 'owner'),
  ofAnOwner('DELETE', { user: 'someone-who-rises' }, '204', 'owner'),
  ofOrganization('GET /team', organization('read'), '200'),
  ofOrganization('PUT /team', organization('admin'), '400 payload_invalid'),
  { ...ofOrganization('GET /package', organization('read'), '200'), lists: thePackage },
  {
    ...ofTeam('DELETE', '', team('admin'), '204'),
    path: (names) => `/-/team/${names.organization}/spare`,
    before: aTeam,
  },
  ofTeam('GET', '/user', team('read'), '200'),
  ofTeam('PUT', '/user', team('members'), '400 payload_invalid'),
  ofTeam('DELETE', '/user', team('members'), '400 payload_invalid'),
  { ...ofTeam('GET', '/package', team('read'), '200'), lists: thePackage },
  ...(['PUT', 'DELETE'] as const).map((method) => ({
    ...ofTeam(method, '/package', team('read'), '404 package_unknown'),
    needs: [team('read'), aPackage('admin')],
    unknown: ['organization_unknown', 'repository_unknown'],
    body: { permissions: 'read-only', package: 'wombat-none' },
  })),

  ...(['GET', 'PUT', 'POST', 'DELETE'] as const).flatMap((method) =>
    ['package', 'npm'].map((space) => ({
      line: `${method} /-/${space}/*`,
      needs: anybody,
      done: '404 not_supported',
      path: () => `/-/${space}/a/b/c/d/e/f`,
    })),
  ),
  { line: 'ALL /-/*', method: 'POST', needs: anybody, done: '404 route_unknown', path: () => '/-/nothing/of/this' },
]

/** Every line of npm's table at every mount, and what the mounts themselves answer. */
export function npmRows(): Row[] {
  return mounts.flatMap((mount) => {
    const own = mount.isRepository ? repositoryLines : rootLines(mount)
    return [...own, ...lines, ...packageRows(mount)].map((line) => rowOf(mount, line))
  })
}

const repositoryLines: readonly NpmLine[] = [
  { line: 'GET ', needs: anybody, done: '200', path: () => '' },
  { line: 'GET /', needs: anybody, done: '200', path: () => '/' },
  { line: 'ALL /*', method: 'POST', needs: anybody, done: '404 route_unknown', path: () => '/a/b/c/d' },
  {
    line: 'GET /-/v1/search',
    needs: [repository('read')],
    done: '200',
    path: () => '/-/v1/search?text=quokka',
    hides: ['organization', 'repository'],
    lists: thePackage,
  },
]

/** At the server's root, `/` is the server's own. */
function rootLines({ pattern }: Mount): readonly NpmLine[] {
  const search = { line: 'GET /-/v1/search', needs: anybody, done: '200', lists: thePackage } as const
  return [
    ...(pattern === '' ? [] : [{ line: 'GET /', needs: anybody, done: '200' } as const]),
    { ...search, path: () => '/-/v1/search?text=quokka' },
    { ...search, path: () => '/-/v1/search?text=&size=250' },
  ]
}

function rowOf(mount: Mount, { line, method, path, body, headers, hides, ...row }: NpmLine): Row {
  const [registered = '', below = ''] = line.split(' ')
  const places: readonly NameKey[] = mount.isRepository ? ['organization', 'repository'] : []
  return {
    ...row,
    surface: 'protocol',
    route: `${registered} ${mount.pattern}${below}`,
    hides: hides ?? places,
    request: (names, kind) => ({
      method: method ?? registered,
      path: mount.at(names) + (path?.(names, mount, usernameOf(kind)) ?? below),
      ...(body !== undefined && { body }),
      ...(headers && { headers }),
    }),
  }
}

function stage(method: string, rest: string, action: 'read' | 'write', done: string): NpmLine {
  return {
    line: `${method} /-/stage/:stage${rest}`,
    needs: stageNeeds(action),
    done,
    unknown: 'stage_unknown',
    path: (names, mount) => `/-/stage/${stageOf(names, mount)}${rest}`,
    hides: ['organization', 'repository', 'stage', 'rootStage'],
    before: aStageOfWhatIsThere,
    ...(action === 'write' && { isLookedUpOtherwise: true }),
  }
}

function ofOrganization(line: string, need: Need, done: string): NpmLine {
  const [method = '', rest = ''] = line.split(' ')
  return {
    line: `${method} ${org}${rest}`,
    needs: [need],
    done,
    unknown: 'organization_unknown',
    path: (names) => `/-/org/${names.organization}${rest}`,
    hides: ['organization'],
    ...(method !== 'GET' && { body: { role: 'none' } }),
  }
}

/** Makes, changes or removes an owner: somebody who has this role before. */
function ofAnOwner(method: 'PUT' | 'DELETE', body: object, done: string, role: OrganizationRole): NpmLine {
  return {
    ...ofOrganization(`${method} /user`, organization('admin'), done),
    needs: owners,
    body,
    before: async ({ t, names }) => {
      const user = await t.access.users.findByUsername('someone-who-rises')
      await t.access.organizations.setMember(names.organizationId, user?.id ?? '', role)
    },
  }
}

function ofTeam(method: string, rest: string, need: Need, done: string): NpmLine {
  return {
    line: `${method} ${teamPattern}${rest}`,
    needs: [need],
    done,
    unknown: 'organization_unknown',
    path: (names) => `/-/team/${names.organization}/${names.team}${rest}`,
    hides: ['organization', 'team'],
    ...(method !== 'GET' && rest !== '' && { body: {} }),
  }
}

function couch(username: string): string {
  return `/-/user/org.couchdb.user:${username}`
}

function couchPath(rest = '') {
  return () => `${couch('someone')}${rest}`
}

/** Signing in: a Bearer token does not count there; with a password, it is another user's. */
function couchLogin(kind: Parameters<typeof couchLoginWithRevision>[0]): Outcome {
  return kind.by === 'password' || kind.by === 'token as password' ? couchLoginWithRevision(kind) : 'allowed'
}

function couchLoginWithRevision({
  is,
  by,
  lapse,
  limits,
}: Parameters<Extract<Row['needs'], (...args: never) => unknown>>[0]): Outcome {
  if ((lapse !== undefined && lapse !== 'rotating') || limits?.address === 'elsewhere') return 'credentials invalid'
  if (is === 'nobody') return 'allowed'
  return is === 'robot' && by !== 'nothing' ? 'denied' : 'credentials invalid'
}

/** In the middle of a login a Bearer token does not count. */
function nothingOfAToken(): Outcome {
  return 'allowed'
}

/** An open stage in each repository of a version that is published already: whoever approves is told so. */
async function aStageOfWhatIsThere({ t, names }: World): Promise<void> {
  const collection = t.engine.collection(stages)
  for (const uuid of [names.stage, names.rootStage]) {
    const id = stageIdOf(uuid) ?? ''
    const known = await collection.get(id)
    if (!known || known.value.state === 'staged') continue
    await collection.update(id, known.revision, { ...known.value, state: 'staged', reservation: known.value.unitKey })
  }
}

async function aTeam({ t, names }: World): Promise<void> {
  if (await t.access.teams.find(names.organizationId, 'spare')) return
  await t.access.teams.create({ organizationId: names.organizationId, name: 'spare' })
}
