import { RegistryError } from '../../errors.ts'
import type { Repository } from '../../registry/store.ts'

/** Throws `access_denied`, saying what to run instead, where every publish waits for approval. */
export function requireDirectPublish({ value }: Repository): void {
  if (!value.requiresApproval) return
  throw new RegistryError(
    'access_denied',
    `Repository "${value.name}" accepts staged publishes only: run "npm stage publish" (npm 12), and let somebody else run "npm stage approve".`,
  )
}
