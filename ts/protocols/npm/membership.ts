import type { OrganizationEntered, TeamEntered } from '../../access/access.ts'
import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { OrganizationRole, UserDocument } from '../../metadata/access-schema.ts'
import type { Stored } from '../../metadata/engine.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { type NpmContext, textProperty } from './place.ts'

/** npm's word for a member that is no more than that. */
const roleNames: Record<OrganizationRole, string> = { owner: 'owner', admin: 'admin', member: 'developer' }
const maxListed = 1000

/** `npm org` and `npm team` (libnpmorg and libnpmteam of npm 10 to 12). */
export function membership({ access, limits }: ProtocolDeps) {
  const organizationOf = (c: NpmContext, action: 'read' | 'admin') =>
    access.enterOrganization(c.var.principal, action, { name: scopeOf(c) })
  const teamOf = (c: NpmContext, what: 'read' | 'members' | 'admin') =>
    access.enterTeam(c.var.principal, what, { organization: scopeOf(c), name: c.req.param('team') ?? '' })

  async function userOf(body: unknown): Promise<Stored<UserDocument>> {
    const name = textProperty(body, 'user')
    if (name === undefined) throw invalid('user', 'The body needs the field "user", a username.')
    const user = await access.users.findByUsername(name)
    if (!user) throw new RegistryError('user_unknown', `There is no user "${name.slice(0, 64)}".`)
    return user
  }

  async function memberIds({ id }: OrganizationEntered): Promise<(readonly [string, OrganizationRole])[]> {
    const { items } = await access.organizations.members(id, { limit: maxListed })
    return items.map(({ value }) => [value.userId, value.role])
  }

  async function usernamesOf(ids: readonly string[]): Promise<readonly (string | undefined)[]> {
    return Promise.all(ids.map(async (id) => (await access.users.get(id))?.value.username))
  }

  async function teamMembers({ team }: TeamEntered): Promise<string[]> {
    const { items } = await access.teams.members(team.id, { limit: maxListed })
    const names = await usernamesOf(items.map(({ memberId }) => memberId))
    return names.filter((name) => name !== undefined)
  }

  return {
    /** `npm org ls`: an object, role by username. */
    async members(c: NpmContext) {
      const members = await memberIds(await organizationOf(c, 'read'))
      const names = await usernamesOf(members.map(([id]) => id))
      const pairs = members.flatMap(([, role], i) => (names[i] === undefined ? [] : [[names[i], roleNames[role]]]))
      return c.body(JSON.stringify(Object.fromEntries(pairs)), 200, { 'content-type': 'application/json' })
    },

    /** `npm org set`; without a role it is npm's default, `developer`, and who is a member already keeps its own. */
    async setMember(c: NpmContext) {
      const organization = await organizationOf(c, 'admin')
      const body = await readJson(c, limits)
      const asked = textProperty(body, 'role')
      const wanted = asked === undefined ? undefined : roleOf(asked)
      const user = await userOf(body)
      const known = await access.organizations.membership(organization.id, user.id)
      const role = wanted ?? known?.value.role ?? 'member'
      const { membership } = await access.enterMembership(c.var.principal, { name: scopeOf(c) }, user.id, role)
      await access.organizations.setMember(organization.id, user.id, role, membership?.revision ?? 0)
      const size = (await memberIds(organization)).length
      const { name } = organization.value
      return c.json({ org: { name, size }, user: user.value.username, role: roleNames[role] })
    },

    async removeMember(c: NpmContext) {
      const organization = await organizationOf(c, 'admin')
      const user = await userOf(await readJson(c, limits))
      await access.enterMembership(c.var.principal, { name: scopeOf(c) }, user.id)
      await access.organizations.removeMember(organization.id, user.id)
      return c.body(null, 204)
    },

    /** `npm team ls acme`: `acme:web`, which npm prints behind an `@`. */
    async teams(c: NpmContext) {
      const organization = await organizationOf(c, 'read')
      const { items } = await access.teams.list(organization.id, { limit: maxListed })
      return c.json(items.map(({ value }) => `${organization.value.name}:${value.name}`))
    },

    async createTeam(c: NpmContext) {
      const organization = await organizationOf(c, 'admin')
      const body = await readJson(c, limits)
      const name = textProperty(body, 'name')
      if (name === undefined) throw invalid('name', 'The body needs the field "name", the name of the team.')
      const description = textProperty(body, 'description') ?? ''
      await access.teams.create({ organizationId: organization.id, name, description })
      return c.json({ name, description }, 201)
    },

    async destroyTeam(c: NpmContext) {
      const { team } = await teamOf(c, 'admin')
      await access.teams.delete(team.id)
      return c.body(null, 204)
    },

    async teamUsers(c: NpmContext) {
      return c.json(await teamMembers(await teamOf(c, 'read')))
    },

    async addTeamUser(c: NpmContext) {
      const { organization, team } = await teamOf(c, 'members')
      const user = await userOf(await readJson(c, limits))
      if (!(await access.organizations.membership(organization.id, user.id))) {
        const { username } = user.value
        const remedy = `run "npm org set ${organization.value.name} ${username}" first`
        throw new RegistryError('unprocessable', `${username} is no member of the organization: ${remedy}.`)
      }
      await access.teams.setMember(team.id, user.id, 'member')
      return c.json({ ok: true }, 201)
    },

    async removeTeamUser(c: NpmContext) {
      const { team } = await teamOf(c, 'members')
      const user = await userOf(await readJson(c, limits))
      await access.teams.removeMember(team.id, user.id)
      return c.body(null, 204)
    },
  }
}

/** The organization of the path, with or without npm's `@`. */
export function scopeOf(c: NpmContext): string {
  return (c.req.param('organizationName') ?? '').replace(/^@/, '')
}

function roleOf(text: string): OrganizationRole {
  if (text === 'developer' || text === 'member') return 'member'
  if (text === 'owner' || text === 'admin') return text
  throw invalid('role', `The role "${text.slice(0, 40)}" is none of: owner, admin, developer.`)
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
