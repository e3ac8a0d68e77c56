import { RegistryError } from '../errors.ts'
import type { PackageDocument, PackageStatus } from '../metadata/package-schema.ts'
import { requireMessage } from './deprecation.ts'
import type { Edit } from './swap.ts'

const active: PackageStatus = { kind: 'active' }

/** The status of a package, with its default. */
export function statusOf({ status = active }: Pick<PackageDocument, 'status'>): PackageStatus {
  return status
}

/**
 * Gives the package a status. Throws `payload_invalid` with the field `reason`: a deprecation has one, since clients
 * print it; what is active has none.
 */
export function withStatus({ kind, reason }: PackageStatus): Edit {
  if (reason !== undefined) requireMessage(reason, 'reason')
  if (kind === 'deprecated' && !reason?.trim()) refuse('Say why it is deprecated, or what to use instead.')
  if (kind === 'active' && reason !== undefined) refuse('An active package has no reason; leave it out.')
  const status = reason === undefined ? { kind } : { kind, reason }
  return (pkg) => {
    const now = statusOf(pkg)
    return now.kind === kind && now.reason === reason ? undefined : { status }
  }
}

/** Throws `access_denied` for a package that takes no new versions. */
export function requireOpen(pkg: Pick<PackageDocument, 'name' | 'status'>): void {
  const { kind, reason } = statusOf(pkg)
  if (kind !== 'archived') return
  const why = reason ? `: "${reason}"` : ''
  throw new RegistryError(
    'access_denied',
    `${pkg.name} is archived${why}. It takes no new versions until a maintainer makes it active again.`,
  )
}

function refuse(message: string): never {
  throw new RegistryError('payload_invalid', message, { field: 'reason' })
}
