import semver from 'semver'
import { RegistryError } from '../../errors.ts'
import { requireMessage } from '../../registry/deprecation.ts'
import { isObject } from './json-values.ts'
import { requireTag } from './names.ts'

/** What a PUT without attachments wants. `owners` is `{_id, _rev, maintainers}`; the other two send the packument. */
export type UpdateKind = 'owners' | 'unpublish' | 'deprecate'

/** A version as it is now. */
export interface CurrentVersion {
  manifest: Readonly<Record<string, unknown>>
  deprecated?: string
}

export interface DeprecationChange {
  version: string
  /** Absent when the deprecation is taken back. */
  message?: string
}

/** The registry sets these members of a manifest itself; clients send back what they were shown. */
const registryFields = new Set([
  'dist',
  'deprecated',
  'readme',
  'maintainers',
  'hasInstallScript',
  'name',
  'version',
  'bundleDependencies',
])

/**
 * Which edit a sent document is: without `versions` it names owners, with fewer versions than there are it unpublishes,
 * else it deprecates. A document that is neither is `payload_invalid`. Versions that are not there (any more) mean that
 * the client has not seen the newest state: `revision_stale`.
 */
export function updateKind(current: Iterable<string>, sent: unknown): UpdateKind {
  if (!isObject(sent)) refuse('The body must be a JSON object.')
  if (sent['versions'] === undefined) {
    if (sent['maintainers'] !== undefined) return 'owners'
    refuse('The body has neither "versions" nor "maintainers": there is nothing to change.', 'versions')
  }
  return removedVersions(current, sent).length > 0 ? 'unpublish' : 'deprecate'
}

/**
 * The versions of `current` that `sent` leaves out. A client that gives no true revision should be allowed one at
 * most: more may be the publishes it has not seen. `revision_stale` when `sent` lists what is not there.
 */
export function removedVersions(current: Iterable<string>, sent: Record<string, unknown>): string[] {
  const listed = versionsOf(sent)
  const known = new Set(current)
  for (const [version] of listed) {
    if (known.has(version)) continue
    const message = `The version ${shown(version)} is not there; the package has changed. Read it again and repeat.`
    throw new RegistryError('revision_stale', message, { field: `versions[${shown(version)}]` })
  }
  for (const [version] of listed) known.delete(version)
  return [...known]
}

/**
 * The deprecations that `sent` changes. An empty message (or `null` or `false`) takes one back. Any other change to a
 * manifest is `payload_invalid`: published manifests never change. It is looked for in the versions whose deprecation
 * changes, or, when none does, in all.
 */
export function deprecations(
  current: ReadonlyMap<string, CurrentVersion>,
  sent: Record<string, unknown>,
): DeprecationChange[] {
  const listed = versionsOf(sent)
  const changes: DeprecationChange[] = []
  for (const [version, manifest] of listed) {
    const message = deprecationOf(manifest, `versions[${shown(version)}].deprecated`)
    if (message === current.get(version)?.deprecated) continue
    if (message !== undefined) requireMessage(message, `versions[${shown(version)}].deprecated`)
    changes.push(message === undefined ? { version } : { version, message })
  }
  const changed = new Set(changes.map(({ version }) => version))
  for (const [version, manifest] of listed) {
    if (changed.size === 0 || changed.has(version)) requireSameManifest(version, current.get(version), manifest)
  }
  return changes
}

/**
 * The names of the owners after an owner edit, in the order sent, each once. `payload_invalid` when nobody is left or
 * an entry has no name. Whether such users exist is asked elsewhere.
 */
export function ownersEdit(sent: Record<string, unknown>): string[] {
  const { maintainers } = sent
  if (!Array.isArray(maintainers)) refuse('maintainers must be a list of {name, email}.', 'maintainers')
  const names = maintainers.map((maintainer: unknown, index) => ownerName(maintainer, `maintainers[${index}]`))
  if (names.length === 0) refuse('maintainers is empty; a package has at least one owner.', 'maintainers')
  return [...new Set(names)]
}

/** The version that an unpublishing document wants `latest` to name, if it says so. */
export function wantedLatest(sent: Record<string, unknown>): string | undefined {
  const wanted = isObject(sent['dist-tags']) ? sent['dist-tags']['latest'] : undefined
  return typeof wanted === 'string' ? wanted : undefined
}

/** The body of a PUT to `/-/package/<name>/dist-tags`: every tag and its version, not yet known to exist. */
export function parseTagMap(sent: unknown): [tag: string, version: string][] {
  if (!isObject(sent)) refuse('The body must be a JSON object of tags and versions.')
  return Object.entries(sent).map(([tag, version]) => {
    if (typeof version !== 'string') refuse(`The version of the tag ${shown(tag)} must be a string.`, `[${shown(tag)}]`)
    return [requireTag(tag, `[${shown(tag)}]`), version]
  })
}

/** The version that `latest` falls back to: the highest release, or prerelease where there is nothing else. */
export function highest(versions: readonly string[]): string {
  const releases = versions.filter((version) => semver.prerelease(version) === null)
  return semver.rsort([...(releases.length > 0 ? releases : versions)])[0] ?? ''
}

function versionsOf(sent: Record<string, unknown>): [version: string, manifest: unknown][] {
  const { versions } = sent
  if (!isObject(versions)) refuse('versions must be an object.', 'versions')
  return Object.entries(versions)
}

function deprecationOf(manifest: unknown, field: string): string | undefined {
  const deprecated = isObject(manifest) ? manifest['deprecated'] : undefined
  if (deprecated === undefined || deprecated === null || deprecated === false || deprecated === '') return undefined
  if (typeof deprecated !== 'string') refuse(`${field} must be a message, or "" to take it back.`, field)
  return deprecated
}

/** A member that is not sent is no edit: clients may have been shown less than everything. */
function requireSameManifest(version: string, current: CurrentVersion | undefined, sent: unknown): void {
  if (!current || !isObject(sent)) return
  for (const [key, value] of Object.entries(sent)) {
    if (registryFields.has(key) || key.startsWith('_')) continue
    const own = Object.hasOwn(current.manifest, key) ? current.manifest[key] : undefined
    if (canonical(value) === canonical(own)) continue
    const field = `versions[${shown(version)}].${key}`
    refuse(`${field} differs from what was published; a published version never changes. Publish a new version.`, field)
  }
}

/** JSON in which the order of members does not matter. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)) : inner,
  )
}

function ownerName(maintainer: unknown, field: string): string {
  const name = isObject(maintainer) ? maintainer['name'] : maintainer
  if (typeof name === 'string' && name !== '') return name
  refuse(`${field} has no name; write {"name": "…"}.`, field)
}

function shown(value: unknown): string {
  return JSON.stringify(value)
}

function refuse(message: string, field?: string): never {
  throw new RegistryError('payload_invalid', message, field === undefined ? {} : { field })
}
