import type { Access } from '../../access/access.ts'
import type { Principal, Scope } from '../../access/principal.ts'
import { hasCode } from '../../errors.ts'
import { actionOf, addressFor, type ImageAction } from './place.ts'
import type { AskedScope } from './token-request.ts'

/** Each costs look-ups, and who comes with nothing may ask for ever: an image and what it is mounted from are two. */
const maxOfAnonymous = 10

/**
 * What the principal gets of the scopes that it asks for: what it may do now. Nothing says why the rest is missing, so
 * that what does not exist and what it may not read look the same; names outside the grammar are passed over as well,
 * and for who is not signed in all but `pull`, which is all there is for them, of the first ten.
 */
export async function grantedScopes(
  principal: Principal,
  asked: readonly AskedScope[],
  access: Access,
): Promise<readonly Scope[]> {
  const granted: Scope[] = []
  for (const scope of principal.kind === 'anonymous' ? asked.slice(0, maxOfAnonymous) : asked) {
    // Everybody has a catalog: of what they may read.
    if (scope.kind === 'catalog') granted.push({ kind: 'catalog', name: 'catalog', actions: ['read'] })
    else granted.push(...(await grantedOf(principal, scope, access)))
  }
  return granted
}

async function grantedOf(
  principal: Principal,
  { name, actions }: AskedScope & { kind: 'image' },
  access: Access,
): Promise<Scope[]> {
  const granted: ImageAction[] = []
  const possible = principal.kind === 'anonymous' ? actions.filter((action) => action === 'pull') : actions
  for (const action of possible) if (await isAllowed(principal, name, action, access)) granted.push(action)
  if (granted.length === 0) return []
  return [{ kind: 'package', name, actions: granted.map((action) => actionOf[action]) }]
}

async function isAllowed(principal: Principal, name: string, action: ImageAction, access: Access): Promise<boolean> {
  try {
    const address = await addressFor(principal, name, access, action)
    if (await access.mayEnter(principal, actionOf[action], address, address.image)) return true
    // Whose push would make the default repository looks for its layers first, if its own token lets it read.
    if (action !== 'pull' || address.repository !== undefined || !mayReadAnything(principal)) return false
    return await access.mayEnter(principal, 'write', address, address.image)
  } catch (err) {
    if (hasCode(err, 'name_invalid')) return false
    throw err
  }
}

function mayReadAnything(principal: Principal): boolean {
  return principal.kind !== 'anonymous' && (principal.token?.value.actions.includes('read') ?? true)
}

/** The scopes in the words of clients: `repository:acme/app:pull,push registry:catalog:*`. */
export function scopeText(scopes: readonly Scope[]): string {
  return scopes.map((scope) => (scope.kind === 'package' ? imageScope(scope) : 'registry:catalog:*')).join(' ')
}

function imageScope({ name, actions }: Scope): string {
  const words = (['pull', 'push', 'delete'] as const).filter((word) => actions.includes(actionOf[word]))
  return `repository:${name}:${words.join(',')}`
}
