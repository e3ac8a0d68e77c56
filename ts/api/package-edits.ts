import * as interfaces from '../../ts_interfaces/packages.ts'
import type { Principal } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import type { ChangeKind } from '../metadata/package-schema.ts'
import { requireMessage } from '../registry/deprecation.ts'
import { deprecating, yanking } from '../registry/marking.ts'
import { ownerNamed, owning } from '../registry/owners.ts'
import { withStatus } from '../registry/package-status.ts'
import { versionsNamed } from '../registry/package-tags.ts'
import type { Edit } from '../registry/swap.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { ownerList } from './package-body.ts'
import { authorOf, type PackageEntered, packagePermission } from './package-entry.ts'
import { packageAnswer } from './packages.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'

interface Asked {
  readonly on: PackageEntered
  readonly principal: Principal
  readonly c: ApiContext
}

/** What can be changed of a package: bound to what was read by `If-Match`, done in one swap of its record. */
export function packageEditRoutes(deps: ApiDeps): Route[] {
  const { access, registry } = deps
  const may = packagePermission(deps)

  return [
    route(
      'PUT /packages/:id/deprecation',
      may('write'),
      {
        summary: 'Deprecates versions, or takes that back',
        body: interfaces.packageDeprecation,
        answer: interfaces.packageDetails,
        hasEtag: true,
        refusals: [412],
      },
      async ({ body: { versions, message }, ...asked }) => {
        if (message !== null) requireMessage(message, 'message')
        if (message === '') throw invalid('message', 'Say why, or send null to take a deprecation back.')
        const messages = new Map<string, string>()
        for (const { key, deprecated } of await unitsOf(asked.on, versions)) {
          if (deprecated !== (message ?? undefined)) messages.set(key, message ?? '')
        }
        return change(asked, { kind: 'deprecate', unitKeys: [...messages.keys()] }, deprecating(messages))
      },
    ),
    route(
      'PUT /packages/:id/yank',
      may('write'),
      {
        summary: 'Yanks versions: new installs avoid them, existing ones still find them; or takes that back',
        body: interfaces.packageYank,
        answer: interfaces.packageDetails,
        hasEtag: true,
        refusals: [412],
      },
      async ({ body: { versions, isYanked, reason }, ...asked }) => {
        if (reason !== undefined) requireMessage(reason, 'reason')
        if (reason !== undefined && !isYanked) throw invalid('reason', 'What is not yanked has no reason.')
        const unitKeys = (await unitsOf(asked.on, versions)).map(({ key }) => key)
        return change(asked, { kind: 'yank', unitKeys }, yanking(unitKeys, isYanked ? (reason ?? '') : undefined))
      },
    ),
    route(
      'PUT /packages/:id/status',
      may('delete'),
      {
        summary: 'Makes a package active, deprecated as a whole, or archived: without new versions',
        body: interfaces.newPackageStatus,
        answer: interfaces.packageDetails,
        hasEtag: true,
        refusals: [412],
      },
      async ({ body: { status: kind, reason }, ...asked }) =>
        change(asked, { kind: 'status' }, withStatus({ kind, ...(reason !== undefined && { reason }) })),
    ),
    route(
      'GET /packages/:id/owners',
      may('read'),
      { summary: 'The owners of a package', answer: interfaces.packageOwners, hasEtag: true },
      async ({ on }) => ownersAnswer(on),
    ),
    route(
      'PUT /packages/:id/owners',
      may('delete'),
      {
        summary: 'Adds and removes owners; one stays',
        body: interfaces.newPackageOwners,
        answer: interfaces.packageOwners,
        hasEtag: true,
        refusals: [412],
      },
      async ({ body, ...asked }) => {
        const owners = await ownersNamed(asked.on, body.owners)
        return ownersAnswer(
          await edited(
            asked,
            { kind: 'owner' },
            owning(() => owners, 'owners'),
          ),
        )
      },
    ),
  ]

  async function edited(
    { on, principal, c }: Asked,
    what: { kind: ChangeKind; unitKeys?: readonly string[] },
    edit: Edit,
  ): Promise<PackageEntered> {
    const bound = { ...what, revision: revisionToMatch(c, on.package) }
    return { ...on, package: await registry.edit(on.package, bound, authorOf(principal, c), edit) }
  }

  async function change(asked: Asked, what: { kind: ChangeKind; unitKeys?: readonly string[] }, edit: Edit) {
    return packageAnswer(deps, await edited(asked, what, edit), asked.c)
  }

  /** The units of the versions, each once, and their deprecations. Throws `version_unknown`. */
  async function unitsOf({ package: pkg }: PackageEntered, versions: readonly string[]) {
    const found = await versionsNamed(registry.packages, pkg, versions)
    return found.flatMap(({ units, deprecated }) => units.map(({ value }) => ({ key: value.key, deprecated })))
  }

  /** Who is owner already may stay, a robot too; new ones are users. */
  async function ownersNamed({ package: { value } }: PackageEntered, keys: readonly string[]): Promise<string[]> {
    const ids: string[] = []
    for (const [i, key] of keys.entries()) {
      ids.push(value.owners.includes(key) ? key : await ownerNamed(access.users, key, `owners[${i}]`))
    }
    return ids
  }

  async function ownersAnswer({ package: pkg }: PackageEntered) {
    return { body: { owners: await ownerList(access, pkg.value.owners) }, etag: etagOf(pkg) }
  }
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
