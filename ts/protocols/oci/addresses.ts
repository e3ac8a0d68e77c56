import type { RepositoryAddress } from '../../access/access.ts'
import { invalidName, maxNameLength, parseImageName } from './names.ts'

/** What this protocol's default repository is called, as everywhere. */
export const protocol = 'oci'

/** Where a full name leads: a repository, or the organization's default one, and the image's name there. */
export interface ImageAddress extends RepositoryAddress {
  readonly image: string
}

/** What a full name may mean: an image of the default repository, or one of a repository where there is such a one. */
export interface Readings {
  readonly inDefault: ImageAddress
  readonly inRepository?: ImageAddress & { readonly repository: string }
}

/** An image by the names of its organization and repository, and its own. */
export interface NamedImage {
  readonly organization: string
  readonly repository: string
  readonly image: string
}

/**
 * One component is an image of the platform's default organization; two are an image of an organization's default
 * repository; the second of three or more is a repository when the organization has one of that name, and the default
 * one where it is called so. Throws `name_invalid`.
 */
export function readingsOf(name: string, defaultOrganization: string): Readings {
  const [first, second, ...rest] = parseImageName(name)
  if (second === undefined) return { inDefault: inDefaultOrganization(first, defaultOrganization) }
  const here = { protocol, organization: first }
  if (rest.length === 0) return { inDefault: { ...here, image: second } }
  const image = rest.join('/')
  // Whether it was made yet or not: its name is nobody else's.
  if (second === protocol) return { inDefault: { ...here, image } }
  return {
    inDefault: { ...here, image: `${second}/${image}` },
    inRepository: { ...here, repository: second, image },
  }
}

function inDefaultOrganization(image: string, organization: string): ImageAddress {
  const length = organization.length + 1 + image.length
  if (length <= maxNameLength) return { protocol, organization, image }
  const whole = `It is short for "${organization}/" and the name, which have ${length} characters`
  throw invalidName(`The name of the image is too long. ${whole}; at most are ${maxNameLength}.`)
}

/**
 * The one name of an image among all, which leads to it: `acme/containers/app`, `acme/app` in the default repository. Of
 * the images there whose names begin with `oci/` the repository's name is written as well, since that part is read so.
 */
export function pathOf({ organization, repository, image }: NamedImage): string {
  const isShort = repository === protocol && !image.startsWith(`${protocol}/`)
  return isShort ? `${organization}/${image}` : `${organization}/${repository}/${image}`
}

/** May the name mean this image? For names that are good. */
export function mayMean(name: string, { organization, repository, image }: NamedImage, defaultOrganization: string) {
  const { inDefault, inRepository } = readingsOf(name, defaultOrganization)
  return [inDefault, inRepository].some(
    (address) =>
      address !== undefined &&
      address.organization === organization &&
      (address.repository ?? protocol) === repository &&
      address.image === image,
  )
}
