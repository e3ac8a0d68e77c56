import { RegistryError } from '../../errors.ts'
import { answerJson } from './answers.ts'
import type { OciContext } from './place.ts'

/**
 * GET and HEAD of `/v2/` and `/v2`: how clients begin, to learn where the token service is and whether their credentials
 * are good. Who comes with nothing is sent to the token service always, also where it may read; 200 with a token of it.
 */
export function versionCheck(c: OciContext) {
  const { principal } = c.var
  if (principal.kind === 'anonymous' && !principal.grant) {
    throw new RegistryError('auth_required', 'Sign in first: run "docker login", or the like of your client.')
  }
  return answerJson(c, 200, {})
}
