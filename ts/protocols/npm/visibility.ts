import { effectiveVisibility } from '../../access/visibility.ts'
import { RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { findPackage, type NpmContext, textProperty } from './place.ts'

/** `npm access`: who sees a package is a setting of its repository, so a package has no setting of its own. */
export function visibility(deps: ProtocolDeps) {
  const { access, limits } = deps
  return {
    /** Also asked before `npm publish --provenance`. */
    async show(c: NpmContext) {
      const { organization, repository } = await findPackage(c, deps, 'read')
      return c.json({ public: effectiveVisibility(organization.value, repository.value) === 'public' })
    },

    /** `pnpm access get status` (pnpm 12). */
    async access(c: NpmContext) {
      const { organization, repository } = await findPackage(c, deps, 'read')
      const isPublic = effectiveVisibility(organization.value, repository.value) === 'public'
      return c.json({ access: isPublic ? 'public' : 'restricted' })
    },

    /** What the repository is already succeeds; anything else is the repository's to change. */
    async set(c: NpmContext) {
      const { organization, repository } = await findPackage(c, deps, 'write')
      const body = await readJson(c, limits)
      const wanted = textProperty(body, 'access')
      if (wanted === undefined) {
        throw new RegistryError('not_supported', 'Two-factor requirements are not supported by this registry yet.')
      }
      requireVisibility(
        wanted,
        effectiveVisibility(organization.value, repository.value) === 'public',
        repository.value.name,
      )
      return c.json({ ok: true })
    },

    /** Who may write the package: its owners, as `npm access list collaborators` shows them. */
    async collaborators(c: NpmContext) {
      const { package: pkg } = await findPackage(c, deps, 'read')
      const entries = await ownersOf(pkg.value.owners)
      return c.body(JSON.stringify(Object.fromEntries(entries.map(({ name }) => [name, 'write']))), 200, {
        'content-type': 'application/json',
      })
    },
  }

  async function ownersOf(ids: readonly string[]) {
    const users = await Promise.all(ids.map((id) => access.users.get(id)))
    return users.flatMap((user) => (user ? [{ name: user.value.username, email: user.value.email }] : []))
  }
}

/** Refuses an `access` (of a publish or of `npm access set status=`) that the repository does not have. */
export function requireVisibility(wanted: string, isPublic: boolean, repository: string): void {
  if (!['public', 'restricted', 'private'].includes(wanted)) {
    throw new RegistryError('payload_invalid', `The access "${wanted}" must be public, restricted or private.`, {
      field: 'access',
    })
  }
  if ((wanted === 'public') === isPublic) return
  throw new RegistryError(
    'access_denied',
    `Packages of repository "${repository}" are ${isPublic ? 'public' : 'not public'}: that is the repository's setting "visibility", which its administrator changes for all packages at once.`,
    { field: 'access' },
  )
}
