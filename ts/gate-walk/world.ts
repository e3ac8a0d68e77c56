import assert from 'node:assert/strict'
import type { Visibility } from '../metadata/access-schema.ts'
import { stages } from '../metadata/package-schema.ts'
import { tokens } from '../metadata/sign-in-schema.ts'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { stageIdOf } from '../protocols/npm/stage-id.ts'
import { openTestApp, type TestApp, type TestSurroundings } from '../testing/app.ts'
import { type Credentials, clientAddress, credentialsOf, type Holder, type Targets } from './credentials.ts'
import { pushImages } from './images.ts'
import { kinds } from './kinds.ts'
import type { Kind, Shown } from './model.ts'
import { neverUsed } from './names.ts'

/** What stands in requests and names something. */
export type NameKey =
  | 'organization'
  | 'organizationId'
  | 'repository'
  | 'repositoryId'
  | 'package'
  | 'team'
  | 'teamId'
  | 'robotId'
  | 'stage'
  | 'rootStage'
  | 'bystander'
  | 'member'
  | 'memberToken'
  | 'robotToken'
  | 'packageId'
export type Names = Readonly<Record<NameKey, string>>

/** One of everything in the default organization, and every kind of principal. */
export interface World extends AsyncDisposable {
  readonly t: TestApp
  readonly shown: Shown
  readonly names: Names
  readonly credentials: ReadonlyMap<string, Credentials>
  readonly holders: ReadonlyMap<string, Holder>
}

/** The version, which stands in no path but the tarball's, and words that only whoever may read has seen. */
export const version = '3.1.41'
export const secretWords = {
  package: ['quokka', version],
  team: ['bilby'],
  organization: ['Numbat Works'],
  repository: ['potoroo'],
  robotToken: ['dunnart'],
} as const

/** Effective visibility by the organization's and the repository's: whatever is more closed counts. */
const visibilities: Record<Shown, readonly [organization: Visibility, repository: Visibility]> = {
  public: ['public', 'public'],
  internal: ['internal', 'public'],
  private: ['public', 'private'],
  disabled: ['public', 'public'],
  closed: ['public', 'public'],
}

/** Opens a server with one of everything, its repositories showing this. */
export async function openWorld(shown: Shown, around: TestSurroundings = {}): Promise<World> {
  const t = await openTestApp({}, { ...around, clientAddress })
  const made = await makeObjects(t, shown)
  const holders = new Map<string, Holder>()
  const credentials = new Map<string, Credentials>()
  for (const kind of kinds) {
    const holder = await holderOf(t, kind, made)
    if (holder) holders.set(kind.name, holder)
    credentials.set(kind.name, await credentialsOf(t, kind, holder, made.targets))
    if (kind.lapse === 'disabled' && holder) await disable(t, kind, holder)
  }
  const names = await fill(t, made, { holders, credentials })
  if (shown === 'disabled') {
    for (const id of made.targets.repositoryIds) await t.access.repositories.configure(id, { isDisabled: true })
  }
  if (shown === 'closed') await t.access.platformSettings.change({ anonymousAccess: false })
  await markUsed(t, holders)
  return { t, shown, names, credentials, holders, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

type Made = Awaited<ReturnType<typeof makeObjects>>

async function makeObjects({ access }: TestApp, shown: Shown) {
  const [organizationShown, repositoryShown] = visibilities[shown]
  const main = await access.organizations.findByName('main')
  assert.ok(main)
  await access.organizations.configure(main.id, {
    visibility: organizationShown,
    displayName: secretWords.organization[0],
  })
  const elsewhere = await access.organizations.create({ name: 'acme' })
  const aRepository = (
    organizationId: string,
    name: string,
    description: string = secretWords.repository[0],
    protocol = 'npm',
  ) =>
    access.repositories.create({
      organizationId,
      protocol,
      name,
      visibility: repositoryShown,
      description,
      createdBy: 'usr_nobody',
    })
  const [tools, npm] = [await aRepository(main.id, 'tools'), await aRepository(main.id, 'npm')]
  const images = [
    await aRepository(main.id, 'tools', secretWords.repository[0], 'oci'),
    await aRepository(main.id, 'oci', secretWords.repository[0], 'oci'),
  ]
  const theirs = await aRepository(elsewhere.id, 'npm', '')
  const team = await access.teams.create({ organizationId: main.id, name: 'web', description: secretWords.team[0] })
  const ours = [tools, npm, ...images]
  for (const { id } of ours) await access.grants.addTeam(id, team.id)
  const targets: Targets = {
    organizationId: main.id,
    repositoryIds: ours.map(({ id }) => id),
    elsewhereOrganizationId: elsewhere.id,
    elsewhereRepositoryId: theirs.id,
    packages: ['wombat*', '@main/wombat*'],
  }
  return { main, tools, team, targets }
}

/** Whoever a kind of principal is, with its offices, seats and permissions; `undefined` for nobody. */
async function holderOf(t: TestApp, kind: Kind, { main, team, targets }: Made): Promise<Holder | undefined> {
  if (kind.is === 'nobody') return undefined
  const { access } = t
  const username = usernameOf(kind)
  const { id } =
    kind.is === 'robot'
      ? await access.robots.create({ organizationId: main.id, name: username })
      : await t.aUser(username, { isPlatformAdmin: kind.isPlatformAdmin ?? false })
  if (kind.office) await access.organizations.setMember(main.id, id, kind.office)
  if (kind.seat) await access.teams.setMember(team.id, id, kind.seat)
  if (kind.role) {
    for (const repositoryId of targets.repositoryIds) {
      await access.grants.setPermission(repositoryId, { holderId: id, role: kind.role })
    }
  }
  return { id, username }
}

/** How the user or robot of a kind is called. */
export function usernameOf({ name }: Kind): string {
  return name.replaceAll(/[^a-z]+/g, '-').slice(0, 60)
}

async function disable({ access }: TestApp, { is }: Kind, { id }: Holder): Promise<void> {
  if (is === 'robot') await access.robots.configure(id, { isActive: false })
  else await access.users.setActive(id, false)
}

/** Packages, a tag, owners and a stage in both repositories; and what else has a name. */
async function fill(
  t: TestApp,
  { main, tools, team }: Made,
  { holders, credentials }: Pick<World, 'holders' | 'credentials'>,
): Promise<Names> {
  const as = credentials.get('organization owner')?.headers ?? {}
  const owners = kinds.filter(({ ownsPackage }) => ownsPackage).map(({ name }) => holders.get(name)?.username)
  const waiting: string[] = []
  for (const at of ['/npm/main/tools', '']) {
    const send = async (method: string, path: string, body: unknown) => {
      const answer = await t.request(method, at + path, { headers: as, body })
      assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
      return JSON.parse(await answer.text()) as { stageId: string }
    }
    for (const name of ['wombat', '@main/wombat']) {
      const path = encodeURIComponent(name)
      for (const number of ['3.1.40', version]) await send('PUT', `/${path}`, publishOf(name, number))
      await send('PUT', `/-/package/${path}/dist-tags/beta`, version)
      for (const user of owners) await send('PUT', `/-/package/${path}/owners`, { user })
    }
    const { stageId } = await send('POST', '/-/stage/package/wombat', publishOf('wombat', '3.2.0'))
    await makeStale(t, stageId)
    waiting.push(stageId)
  }
  const ownerIds = kinds.flatMap(({ ownsPackage, name }) => (ownsPackage && holders.get(name)?.id) || [])
  await pushImages(t, as, version, ownerIds)
  const bystander = await t.aUser('bystander')
  await t.aUser('someone-who-rises')
  const member = await t.aUser('someone-in-it')
  await t.access.organizations.setMember(main.id, member.id, 'member')
  const memberToken = await t.access.tokens.create({ userId: member.id, name: 'of a member', actions: ['read'] })
  const robot = await t.access.robots.create({ organizationId: main.id, name: 'builder', description: 'bilby' })
  const robotToken = await t.access.tokens.create({
    userId: robot.id,
    name: secretWords.robotToken[0],
    actions: ['read'],
  })
  const pkg = await t.registry.packages.find(tools.id, 'wombat')
  return {
    organization: 'main',
    organizationId: main.id,
    repository: 'tools',
    repositoryId: tools.id,
    package: 'wombat',
    packageId: pkg?.id ?? '',
    team: 'web',
    teamId: team.id,
    robotId: robot.id,
    stage: waiting[0] ?? '',
    rootStage: waiting[1] ?? '',
    bystander: bystander.id,
    member: member.id,
    memberToken: memberToken.token.id,
    robotToken: robotToken.token.id,
  }
}

/** Lets the stage be of a version that was published meanwhile: whoever approves it is told so, and nothing changes. */
async function makeStale({ engine }: TestApp, uuid: string): Promise<void> {
  const stage = await engine.collection(stages).get(stageIdOf(uuid) ?? '')
  assert.ok(stage)
  const publish = JSON.stringify({ ...JSON.parse(stage.value.publish), unitKey: version, version })
  const value = { ...stage.value, unitKey: version, reservation: version, version, publish }
  await engine.collection(stages).update(stage.id, stage.revision, value)
}

function publishOf(name: string, number: string) {
  const more = { description: 'a quokka', keywords: ['quokka'] }
  return aPublishBody(name, number).withPackageJson(more).body
}

/** The use of a token is written beside a request, once a minute: as if it had been, so that no request is disturbed. */
async function markUsed({ engine }: TestApp, holders: ReadonlyMap<string, Holder>): Promise<void> {
  const stored = engine.collection(tokens)
  const lastUsedAt = Date.now() + 3_600_000
  for (const { id: userId } of holders.values()) {
    const { items } = await stored.find('byUser', { equals: { userId } })
    for (const { id, revision, value } of items) await stored.update(id, revision, { ...value, lastUsedAt })
  }
}

/** The same names, this one replaced by one that nothing ever had. */
export function without(names: Names, key: NameKey): Names {
  return { ...names, [key]: neverUsed(names[key]) }
}
