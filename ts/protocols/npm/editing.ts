import { isRobotId } from '../../access/principal.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import { deletePackage, deleteVersions } from '../../registry/delete-versions.ts'
import { deprecating } from '../../registry/marking.ts'
import { ownerNamed, owning } from '../../registry/owners.ts'
import { marksOf } from '../../registry/policy.ts'
import type { Package, Unit } from '../../registry/store.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { isObject } from './json-values.ts'
import { deprecations, ownersEdit, removedVersions, updateKind, wantedLatest } from './package-update.ts'
import { authorOf, type Found, findPackage, type NpmContext, textProperty } from './place.ts'
import type { ReceivedBody } from './receive.ts'
import { rules } from './rules.ts'
import { deprecationShown, npmUnit } from './unit.ts'

/** Edits of a package: deprecate, owners, unpublish. What a document asks for is found by comparing it to the state. */
export function editing(deps: ProtocolDeps) {
  const { registry, access, limits } = deps

  async function unitsOf(pkg: Package): Promise<Map<string, Unit>> {
    const units = new Map<string, Unit>()
    for await (const page of registry.packages.units(pkg)) for (const unit of page) units.set(unit.value.version, unit)
    return units
  }

  /** `npm deprecate`: the whole packument, of which only `deprecated` may differ. */
  async function deprecate(c: NpmContext, { package: pkg }: Found, sent: Record<string, unknown>) {
    const marks = marksOf(pkg.value)
    const units = await unitsOf(pkg)
    const current = new Map(
      [...units].map(([version, { value }]) => {
        const { manifest, deprecated: published } = npmUnit(value)
        const deprecated = deprecationShown(pkg.value, marks.get(value.key), published)
        return [version, { manifest, ...(deprecated === undefined ? {} : { deprecated }) }]
      }),
    )
    const changes = deprecations(current, sent)
    if (changes.length === 0) return
    const messages = new Map(changes.map(({ version, message = '' }) => [version, message]))
    const what = { kind: 'deprecate', unitKeys: [...messages.keys()] } as const
    await registry.edit(pkg, what, authorOf(c), deprecating(messages))
  }

  /**
   * `npm owner`: every name must be a user's. Yarn 1 reads the abbreviated document, so it knows neither the owners nor
   * the revision: without a true revision, owners are only added.
   */
  async function changeOwners(c: NpmContext, found: Found, sent: Record<string, unknown>) {
    const named: string[] = []
    for (const [i, name] of ownersEdit(sent).entries()) {
      named.push(await ownerNamed(access.users, name, `maintainers[${i}]`))
    }
    const replaces = isCurrent(c, found)
    // A robot is no maintainer that npm could name, so that leaving it out says nothing.
    await setOwners(c, found.package, (owners) =>
      replaces ? [...named, ...owners.filter(isRobotId)] : [...owners, ...named],
    )
  }

  function setOwners(c: NpmContext, pkg: Package, next: (owners: readonly string[]) => readonly string[]) {
    return registry.edit(pkg, { kind: 'owner' }, authorOf(c), owning(next, 'user'))
  }

  /** `npm unpublish name@version`: the packument without it. Clients without a true revision may remove one at a time. */
  async function unpublishVersions(c: NpmContext, found: Found, sent: Record<string, unknown>) {
    const removed = removedVersions((await unitsOf(found.package)).keys(), sent)
    if (removed.length > 1 && !isCurrent(c, found)) throw stale()
    await remove(c, found, removed, sent)
  }

  function remove(c: NpmContext, { package: pkg }: Found, versions: readonly string[], sent = {}) {
    return deleteVersions(registry, rules, pkg, versions, authorOf(c), wantedLatest(sent))
  }

  return {
    /**
     * PUT of a document without attachments. Only below `-rev` does a version that it leaves out mean unpublish: a
     * deprecation that was read before somebody's publish leaves that out too.
     */
    async update(c: NpmContext, body: ReceivedBody) {
      const found = await findPackage(c, deps, 'write').catch((err) => {
        const isNew = hasCode(err, 'package_unknown') && revisionOf(c) === undefined
        throw isNew ? nothingToPublish() : err
      })
      if (isOutdated(c, found)) throw stale()
      const { document } = body
      const sent = isObject(document) ? document : {}
      const kind = updateKind((await unitsOf(found.package)).keys(), document)
      if (kind === 'deprecate' || (kind === 'unpublish' && revisionOf(c) === undefined)) {
        await deprecate(c, found, sent)
      } else {
        // Removing and giving away are more than writing.
        await findPackage(c, deps, 'delete')
        if (kind === 'owners') await changeOwners(c, found, sent)
        else await unpublishVersions(c, found, sent)
      }
      // Yarn 1 takes an answer without `success` for a failure.
      return c.json({ ok: true, success: true, id: found.name.name }, 201)
    },

    /** `pnpm owner add` (pnpm 12): one user, by name. */
    async addOwner(c: NpmContext) {
      const found = await findPackage(c, deps, 'delete')
      const user = await ownerNamed(access.users, textProperty(await readJson(c, limits), 'user') ?? '', 'user')
      await setOwners(c, found.package, (owners) => [...owners, user])
      return c.json({ ok: true, id: found.name.name })
    },

    async removeOwner(c: NpmContext) {
      const found = await findPackage(c, deps, 'delete')
      const user = await ownerNamed(access.users, c.req.param('user') ?? '', 'user')
      await setOwners(c, found.package, (owners) => owners.filter((owner) => owner !== user))
      return c.json({ ok: true, id: found.name.name })
    },

    /** `npm unpublish name --force`: every version. */
    async unpublishAll(c: NpmContext) {
      const found = await findPackage(c, deps, 'delete')
      if (isOutdated(c, found)) throw stale()
      await deletePackage(registry, rules, found.package, authorOf(c))
      return c.json({ ok: true })
    },

    /** The second half of unpublishing one version; the PUT before has removed it, or the package with it. */
    async unpublishFile(c: NpmContext) {
      const file = c.req.param('file') ?? ''
      const found = await findPackage(c, deps, 'delete').catch((err) => {
        if (err instanceof RegistryError && err.code === 'package_unknown') return undefined
        throw err
      })
      const held = found && (await registry.packages.file(found.package, file))
      if (found && held) await remove(c, found, [held.unit.value.version])
      return c.json({ ok: true })
    },
  }
}

/** The revision in the path, as the packument's `_rev` gave it; old clients send `undefined` or a made-up one. */
function revisionOf(c: NpmContext): string | undefined {
  return c.req.param('revision')
}

function isCurrent(c: NpmContext, { package: pkg }: Found): boolean {
  return revisionOf(c) === `${pkg.revision}-${pkg.id}`
}

/** True for a revision that this package had earlier. */
function isOutdated(c: NpmContext, found: Found): boolean {
  return !isCurrent(c, found) && /^\d+-pkg_/.test(revisionOf(c) ?? '')
}

function stale(): RegistryError {
  return new RegistryError('revision_stale', 'The package has changed since it was read. Read it again and repeat.')
}

function nothingToPublish(): RegistryError {
  const message = 'The package does not exist yet, and the body has no "_attachments" with a tarball to publish.'
  return new RegistryError('payload_invalid', message, { field: '_attachments' })
}
