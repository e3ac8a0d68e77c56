import type { PackageFacts, UnitDocument } from '../../metadata/package-schema.ts'
import { keptFacts } from '../../registry/images/stored-manifest.ts'

const annotation = (name: string) => `org.opencontainers.image.${name}`

/** What search shows of an image, as the annotations of a manifest say it. */
export function describeUnit(unit: UnitDocument): Omit<PackageFacts, 'version'> {
  const { annotations } = keptFacts(unit)
  const textOf = (name: string) => (annotations[annotation(name)] ?? '').toWellFormed()
  const [title, description] = [textOf('title'), textOf('description')]
  return {
    description: (description || title).slice(0, 1000),
    keywords: title === '' ? [] : [title.slice(0, 200)],
    authors: [textOf('authors').slice(0, 200), unit.publisherName].filter((name) => name !== ''),
  }
}

/** `registry.example.com/acme/containers`: what names of images begin with in a repository with this address. */
function placeOf(base: string): string {
  const { host, pathname } = new URL(base)
  const [, organization, repository] = /\/oci\/([^/]+)\/([^/]+)\/?$/.exec(pathname) ?? []
  if (organization === undefined) return host
  return repository === 'oci' ? `${host}/${organization}` : `${host}/${organization}/${repository}`
}

/** How to pull a manifest. */
export function usageOf({ name, version, base }: { name: string; version: string; base: string }): string {
  return `docker pull ${placeOf(base)}/${name}${version.includes(':') ? '@' : ':'}${version}`
}

/** How to sign in with a token, which docker wants on standard input: whatever the user's name is, the password decides. */
export function setupOf({ base, token }: { base: string; token: string }): string {
  return `echo ${token} | docker login -u token --password-stdin ${new URL(base).host}`
}
