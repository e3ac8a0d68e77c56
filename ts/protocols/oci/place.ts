import type { Context } from 'hono'
import type { Access, Entered } from '../../access/access.ts'
import type { Principal } from '../../access/principal.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { Action } from '../../metadata/access-schema.ts'
import type { ImagePlace, MountFrom } from '../../registry/images/images.ts'
import type { Env, ProtocolDeps } from '../protocol.ts'
import { type ImageAddress, mayMean, pathOf, protocol, readingsOf } from './addresses.ts'

export type OciContext = Context<Env, string>

/** What clients ask for, as they call it in scopes. */
export type ImageAction = 'pull' | 'push' | 'delete'

/** The gate's word for it. */
export const actionOf: Record<ImageAction, Action> = { pull: 'read', push: 'write', delete: 'delete' }

export interface ImageEntered extends Entered, ImagePlace {
  /** The whole name as the client wrote it. */
  readonly name: string
  /** The name of the image among all, one for each image; see `pathOf`. */
  readonly path: string
}

/**
 * Where a name leads for this principal: to a repository that it may mean. Where the principal reaches no such one the
 * name is an image of the default repository, which cannot exist while a repository has the name: so what is hidden is
 * answered as what is not there, at the same cost. Throws `name_invalid`.
 */
export async function addressFor(
  principal: Principal,
  name: string,
  access: Access,
  action: ImageAction,
): Promise<ImageAddress> {
  const { inDefault, inRepository: there } = readingsOf(name, access.defaultOrganization)
  if (!there) return inDefault
  const reaches =
    (await access.mayEnter(principal, 'read', there, there.image)) ||
    // A token may write without reading.
    (action !== 'pull' && (await access.mayEnter(principal, actionOf[action], there, there.image)))
  return reaches ? there : inDefault
}

/**
 * The image that the address of the request names (`:name`), after the gate was asked; it need not exist. With `push`
 * the organization's default repository is made where it is missing and the principal may make it, unless `beforeMaking`
 * throws: what is wrong with the request. Else throws `name_invalid`, and what a stranger may know: `auth_required` for
 * who is anonymous, and for all that a token of the token service does not reach, whether it exists or not;
 * `repository_unknown` and `access_denied` as `Access.enter`.
 */
export async function enterImage(
  c: OciContext,
  deps: Pick<ProtocolDeps, 'access'>,
  action: ImageAction,
  beforeMaking?: () => void,
): Promise<ImageEntered> {
  return enterNamed(c.req.param('name') ?? '', c.var.principal, deps, action, beforeMaking)
}

async function enterNamed(
  name: string,
  principal: Principal,
  { access }: Pick<ProtocolDeps, 'access'>,
  action: ImageAction,
  beforeMaking?: () => void,
): Promise<ImageEntered> {
  readingsOf(name, access.defaultOrganization)
  if (!isGranted(principal, name, action)) throw insufficient(principal)
  const address = await addressFor(principal, name, access, action)
  try {
    const entered = await access.enter(principal, actionOf[action], address, address.image, beforeMaking)
    return { ...entered, image: address.image, name, path: pathOf(namedIn(entered, address.image)) }
  } catch (err) {
    throw await refusal(err, { name, principal, access, address, action })
  }
}

const namedIn = ({ organization, repository }: Entered, image: string) => ({
  organization: organization.value.name,
  repository: repository.value.name,
  image,
})

/** Is it among the scopes, if the principal came with some? */
function isGranted({ grant }: Principal, name: string, action: ImageAction): boolean {
  if (!grant) return true
  return grant.scopes.some(
    (scope) => scope.kind === 'package' && scope.name === name && scope.actions.includes(actionOf[action]),
  )
}

/**
 * Claims the name of an image of a default repository for the push of it, right before something is made; see
 * name-claims.ts. Throws `name_taken` to who may read the repository that has it, else `access_denied`.
 */
export async function claimName(
  c: OciContext,
  { access }: Pick<ProtocolDeps, 'access'>,
  { organization, repository, image, name }: ImageEntered,
): Promise<void> {
  if (repository.value.name !== protocol) return
  const [claimed = image] = image.split('/')
  try {
    await access.nameClaims.claimForPackages(organization.id, protocol, claimed)
  } catch (err) {
    if (!hasCode(err, 'name_taken')) throw err
    const there = { protocol, organization: organization.value.name, repository: claimed }
    if (await access.mayEnter(c.var.principal, 'read', there)) throw err
    throw new RegistryError('access_denied', `You may not push "${name}". Choose another name for the image.`)
  }
}

interface Refused {
  readonly name: string
  readonly principal: Principal
  readonly access: Access
  readonly address: ImageAddress
  readonly action: ImageAction
}

/** Who came with a token of the token service is told to get another one, whatever the reason is. */
async function refusal(err: unknown, { name, principal, access, address, action }: Refused): Promise<unknown> {
  if (!hasCode(err, 'auth_required', 'repository_unknown', 'access_denied')) return err
  if (principal.grant) {
    // The first push to an organization looks for its layers before it makes the default repository.
    const isBeforeFirstPush =
      action === 'pull' &&
      address.repository === undefined &&
      hasCode(err, 'repository_unknown') &&
      (await access.mayEnter(principal, 'write', address, address.image))
    if (!isBeforeFirstPush) return insufficient(principal)
  }
  if (!hasCode(err, 'repository_unknown')) return err
  return new RegistryError('repository_unknown', `There is no image "${name}" here, or you may not read it.`)
}

function insufficient(principal: Principal): RegistryError {
  const message =
    principal.kind === 'anonymous'
      ? 'Sign in first: run "docker login", or the like of your client.'
      : 'You may not do this here, or there is no such image. Sign in as somebody who may.'
  return new RegistryError('auth_required', message)
}

/**
 * May the principal pull the image, by its rights and by its token's scopes? For mounts of blobs from images that the
 * client did not name; looks the same up for images that are hidden and that are not there.
 */
export function mayPull(c: OciContext, { access }: Pick<ProtocolDeps, 'access'>): MountFrom['mayRead'] {
  return async (repositoryId, image) => {
    const { principal } = c.var
    try {
      const entered = await access.enterRepository(principal, 'read', repositoryId, image)
      const granted = principal.grant?.scopes.filter(
        ({ kind, actions }) => kind === 'package' && actions.includes('read'),
      )
      const here = namedIn(entered, image)
      return granted?.some(({ name }) => mayMean(name, here, access.defaultOrganization)) ?? true
    } catch (err) {
      if (hasCode(err, 'auth_required', 'repository_unknown', 'access_denied')) return false
      throw err
    }
  }
}

/** The image that a blob is to be mounted from, when the client may pull it; `undefined` for all else, whatever the reason. */
export async function pullable(
  c: OciContext,
  deps: Pick<ProtocolDeps, 'access'>,
  name: string,
): Promise<ImagePlace | undefined> {
  try {
    return await enterNamed(name, c.var.principal, deps, 'pull')
  } catch (err) {
    if (hasCode(err, 'name_invalid', 'auth_required', 'repository_unknown', 'access_denied')) return undefined
    throw err
  }
}
