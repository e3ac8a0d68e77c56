import type { Context } from 'hono'
import type { Access, Entered, RepositoryAddress } from '../../access/access.ts'
import type { Principal } from '../../access/principal.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { Action } from '../../metadata/access-schema.ts'
import type { ImagePlace, MountFrom } from '../../registry/images/images.ts'
import type { Env, ProtocolDeps } from '../protocol.ts'
import { parseImageName } from './names.ts'

export type OciContext = Context<Env, string>

const protocol = 'oci'

/** What clients ask for, as they call it in scopes. */
export type ImageAction = 'pull' | 'push' | 'delete'

/** The gate's word for it. */
export const actionOf: Record<ImageAction, Action> = { pull: 'read', push: 'write', delete: 'delete' }

/** Where a full name leads: a repository, or the organization's default one, and the image's name there. */
export interface ImageAddress extends RepositoryAddress {
  readonly image: string
}

export interface ImageEntered extends Entered, ImagePlace {
  /** The whole name as the client wrote it. */
  readonly name: string
  /** The name of the image among all, one for each image: `acme/containers/app`, `acme/app` in the default repository. */
  readonly path: string
}

/**
 * Where a name leads for this principal. One component is an image of the platform's default organization; the second of
 * three or more is a repository when the organization has one of that name. Where the principal reaches no such one the
 * name is an image of the default repository, which cannot exist while a repository has the name: so what is hidden is
 * answered as what is not there, at the same cost. Throws `name_invalid`.
 */
export async function addressFor(
  principal: Principal,
  name: string,
  access: Access,
  action: ImageAction,
): Promise<ImageAddress> {
  const [first, second, ...rest] = parseImageName(name)
  if (second === undefined) return { protocol, organization: access.defaultOrganization, image: first }
  const here = { protocol, organization: first }
  if (rest.length === 0) return { ...here, image: second }
  const image = rest.join('/')
  // Whether it was made yet or not: its name is nobody else's.
  if (second === protocol) return { ...here, image }
  const there = { ...here, repository: second, image }
  const reaches =
    (await access.mayEnter(principal, 'read', there, image)) ||
    // A token may write without reading.
    (action !== 'pull' && (await access.mayEnter(principal, actionOf[action], there, image)))
  return reaches ? there : { ...here, image: `${second}/${image}` }
}

/** The first component of an image's name in a default repository, which no repository may have; see name-claims.ts. */
export function claimedName({ image }: Pick<ImageAddress, 'image'>): string {
  return image.split('/')[0] ?? image
}

/**
 * The image that the address of the request names (`:name`), after the gate was asked; it need not exist. With `push`
 * the organization's default repository is made where it is missing and the principal may make it, and the image's name
 * is claimed: throws `name_taken` when a repository has it. Else throws `name_invalid`, and what a stranger may know:
 * `auth_required` for who is anonymous, and for all that a token of the token service does not reach, whether it exists
 * or not; `repository_unknown` and `access_denied` as `Access.enter`.
 */
export async function enterImage(
  c: OciContext,
  deps: Pick<ProtocolDeps, 'access'>,
  action: ImageAction,
): Promise<ImageEntered> {
  return enterNamed(c.req.param('name') ?? '', c.var.principal, deps, action)
}

async function enterNamed(
  name: string,
  principal: Principal,
  { access }: Pick<ProtocolDeps, 'access'>,
  action: ImageAction,
): Promise<ImageEntered> {
  parseImageName(name)
  if (!isGranted(principal, name, action)) throw insufficient(principal)
  const address = await addressFor(principal, name, access, action)
  try {
    const entered = await access.enter(principal, actionOf[action], address, address.image)
    if (action === 'push') await claim(access, entered, address)
    return { ...entered, image: address.image, name, path: pathOf(entered, address.image) }
  } catch (err) {
    throw await refusal(err, { name, principal, access, address, action })
  }
}

/** The name of an image of this repository among all. */
export function pathOf({ organization, repository }: Entered, image: string): string {
  const inRepository = repository.value.name === protocol ? image : `${repository.value.name}/${image}`
  return `${organization.value.name}/${inRepository}`
}

/** Is it among the scopes, if the principal came with some? */
function isGranted({ grant }: Principal, name: string, action: ImageAction): boolean {
  if (!grant) return true
  return grant.scopes.some(
    (scope) => scope.kind === 'package' && scope.name === name && scope.actions.includes(actionOf[action]),
  )
}

async function claim(access: Access, { organization }: Entered, address: ImageAddress): Promise<void> {
  if (address.repository !== undefined) return
  await access.nameClaims.claimForPackages(organization.id, protocol, claimedName(address))
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
      return isGranted(principal, pathOf(entered, image), 'pull')
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
