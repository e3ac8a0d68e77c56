import { RegistryError } from '../../errors.ts'
import type { ImageEntered } from './place.ts'

/**
 * Images are pushed in many requests, none of which is the whole for somebody to approve. A repository may have the
 * setting from before it was refused. Throws `access_denied`.
 */
export function refuseApproval({ repository }: Pick<ImageEntered, 'repository'>): void {
  if (!repository.value.requiresApproval) return
  const message = `Repository "${repository.value.name}" takes only what was approved, and images cannot be: its settings must change first.`
  throw new RegistryError('access_denied', message)
}
