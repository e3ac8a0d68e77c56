import type { Entered } from '../../access/access.ts'
import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { scopeOf } from './membership.ts'
import { type PackageName, parsePackageName } from './names.ts'
import { enterFor, type NpmContext, requireUser, textProperty, unknownPackage } from './place.ts'

const maxListed = 1000

/**
 * `npm access grant|revoke|list packages` (libnpmaccess of npm 10 to 12). npm grants a team a package; rights are a
 * repository's here, so the package stands for the repository that it is in, and the answer says so.
 */
export function teamAccess(deps: ProtocolDeps) {
  const { access, limits, registry } = deps

  async function packageOf(c: NpmContext, body: unknown): Promise<Entered & { name: PackageName }> {
    const text = textProperty(body, 'package')
    const name = text === undefined ? undefined : parsePackageName(text)
    if (!name) throw invalid('package', 'The body needs the field "package", the name of a package.')
    const entered = await enterFor(c, deps, 'admin', name)
    if (!(await registry.packages.find(entered.repository.id, name.name))) throw unknownPackage(name.name)
    return { ...entered, name }
  }

  const teamOf = (c: NpmContext) =>
    access.enterTeam(c.var.principal, 'read', { organization: scopeOf(c), name: c.req.param('team') ?? '' })

  /** npm prints it; clients that do not look at it lose nothing. */
  function notice(c: NpmContext, text: string) {
    c.header('npm-notice', text)
  }

  /** What of these repositories the principal may read, and `write` where it may write; by name, at most 1000. */
  async function packagesOf(c: NpmContext, entered: readonly Entered[]): Promise<[string, 'read' | 'write'][]> {
    const found: [string, 'read' | 'write'][] = []
    for (const place of entered) {
      const { items } = await registry.packages.list(place.repository.id, { limit: maxListed })
      for (const { value } of items) {
        if (found.length >= maxListed) return found
        if (!(await access.can(c.var.principal, 'read', place, value.name)).allowed) continue
        const { allowed } = await access.can(c.var.principal, 'write', place, value.name)
        found.push([value.name, allowed ? 'write' : 'read'])
      }
    }
    return found
  }

  async function npmRepositoriesOf(organizationId: string, only?: readonly string[]): Promise<Entered[]> {
    const organization = await access.organizations.get(organizationId)
    const { items } = await access.repositories.list(organizationId, { limit: maxListed })
    const wanted = items.filter(({ id, value }) => value.protocol === 'npm' && (!only || only.includes(id)))
    return organization ? wanted.map((repository) => ({ organization, repository })) : []
  }

  const printed = (c: NpmContext, pairs: readonly (readonly [string, string])[]) =>
    c.body(JSON.stringify(Object.fromEntries(pairs)), 200, { 'content-type': 'application/json' })

  return {
    async grant(c: NpmContext) {
      const { team } = await teamOf(c)
      const body = await readJson(c, limits)
      const permissions = textProperty(body, 'permissions')
      if (permissions !== 'read-only' && permissions !== 'read-write') {
        throw invalid('permissions', 'permissions is "read-only" or "read-write".')
      }
      const { organization, repository } = await packageOf(c, body)
      const role = permissions === 'read-only' ? 'reader' : 'developer'
      await access.grants.setPermission(repository.id, { holderId: team.id, role })
      const place = `${organization.value.name}/${repository.value.name}`
      notice(c, `The team ${team.value.name} is ${role} of all packages of the repository ${place} now.`)
      return c.json({ ok: true }, 201)
    },

    async revoke(c: NpmContext) {
      const { team } = await teamOf(c)
      const { organization, repository } = await packageOf(c, await readJson(c, limits))
      await access.grants.removePermission(repository.id, team.id)
      const place = `${organization.value.name}/${repository.value.name}`
      notice(c, `The team ${team.value.name} has no permission of its own in the repository ${place} any more.`)
      return c.json({ ok: true })
    },

    async teamPackages(c: NpmContext) {
      const { organization, team } = await teamOf(c)
      const repositories = await access.grants.repositoriesOf(team.id)
      return printed(c, await packagesOf(c, await npmRepositoriesOf(organization.id, repositories)))
    },

    async organizationPackages(c: NpmContext) {
      const organization = await access.enterOrganization(c.var.principal, 'read', { name: scopeOf(c) })
      return printed(c, await packagesOf(c, await npmRepositoriesOf(organization.id)))
    },

    /** npm asks this after a 404 for an organization of that name; a user's own packages are told to itself alone. */
    async userPackages(c: NpmContext) {
      const { user } = requireUser(c)
      const name = (c.req.param('user') ?? '').replace(/^@/, '')
      if (user.value.usernameKey !== name.toLowerCase()) {
        throw new RegistryError(
          'user_unknown',
          `You belong to no organization "${name.slice(0, 64)}", and this is not your username either.`,
        )
      }
      const memberships = await access.organizations.membershipsOf(user.id)
      const places: Entered[] = []
      for (const { value } of memberships) places.push(...(await npmRepositoriesOf(value.organizationId)))
      return printed(c, await packagesOf(c, places))
    },
  }
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
