import { parsePackageName, tarballFile } from './names.ts'
import type { PackageSignature } from './signatures.ts'

export interface Person {
  name: string
  email?: string
}

/** What never changes in a published version. */
export interface NpmVersionInput {
  version: string
  /** As published; `dist`, `readme` and `deprecated` in it are passed over. */
  manifest: Readonly<Record<string, unknown>>
  dist: {
    integrity: string
    shasum: string
    fileCount: number
    unpackedSize: number
    signatures: PackageSignature[]
    /** The predicate type of its provenance, when it has one. */
    provenance?: string
  }
  /** ISO 8601. */
  publishedAt: string
  hasInstallScript: boolean
  hasShrinkwrap: boolean
  publisher?: Person
}

/** A version printed once; the address of the registry, the deprecation and the maintainers come in at each print. */
export interface PreparedVersion {
  readonly version: string
  readonly publishedAt: string
  /** JSON text of the manifest, without the last brace, cut wherever the registry's address belongs. */
  readonly full: readonly string[]
  readonly abbreviated: readonly string[]
  /** JSON members that the packument repeats on top, when this version is the latest. */
  readonly summary: string
}

export interface PackumentInput {
  name: string
  tags: readonly (readonly [tag: string, version: string])[]
  /** In order of publication. */
  versions: readonly { prepared: PreparedVersion; deprecated?: string }[]
  maintainers: readonly Person[]
  /** ISO 8601. */
  createdAt: string
  modifiedAt: string
  /** Becomes `_rev`. */
  revision: string
  /** URL of the registry, with a slash at its end, as this client reaches it. */
  registryUrl: string
  /** Of the latest version. */
  readme?: string
  readmeFilename?: string
}

/** The members of a manifest that an install needs, besides those that the registry adds. */
const installFields = [
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bin',
  'directories',
  'engines',
  'cpu',
  'os',
  'libc',
  'funding',
]
const summaryFields = ['description', 'homepage', 'keywords', 'repository', 'author', 'bugs', 'license', 'contributors']
const computedFields = new Set([
  'name',
  'version',
  '_id',
  'dist',
  'readme',
  'deprecated',
  'maintainers',
  'hasInstallScript',
  '_hasShrinkwrap',
  '_npmUser',
])

/** Prints what is the same in every packument that lists this version. */
export function prepareVersion(name: string, input: NpmVersionInput): PreparedVersion {
  const { version, manifest, publishedAt } = input
  const own = Object.entries(manifest)
  const facts: [string, unknown][] = input.hasInstallScript ? [['hasInstallScript', true]] : []
  const identity: [string, unknown][] = [
    ['name', name],
    ['version', version],
  ]
  const full = printMembers([
    ...identity,
    ['_id', `${name}@${version}`],
    ...own.filter(([key]) => !computedFields.has(key)),
    ...facts,
    ['_hasShrinkwrap', input.hasShrinkwrap],
    ['_npmUser', input.publisher],
  ])
  const shrinkwrap: [string, unknown][] = input.hasShrinkwrap ? [['_hasShrinkwrap', true]] : []
  const kept = own.filter(([key]) => installFields.includes(key))
  const abbreviated = printMembers([...identity, ...withBundleDependencies(kept, manifest), ...facts, ...shrinkwrap])
  const dist = printDist(name, input)
  return {
    version,
    publishedAt,
    full: [`{${full},${dist[0]}`, ...dist.slice(1)],
    abbreviated: [`{${abbreviated},${dist[0]}`, ...dist.slice(1)],
    summary: printMembers(own.filter(([key]) => summaryFields.includes(key))),
  }
}

/** Some clients publish only the other spelling, which npm does not read from a packument. */
function withBundleDependencies(
  kept: [string, unknown][],
  manifest: Readonly<Record<string, unknown>>,
): [string, unknown][] {
  const other = Object.hasOwn(manifest, 'bundledDependencies') ? manifest['bundledDependencies'] : undefined
  if (other === undefined || Object.hasOwn(manifest, 'bundleDependencies')) return kept
  return [...kept, ['bundleDependencies', other]]
}

/** `"dist":{…}`, cut wherever the registry's address belongs. */
function printDist(name: string, { version, dist }: NpmVersionInput): string[] {
  const { provenance, ...rest } = dist
  const start = `"dist":{${printMembers(Object.entries(rest))},"tarball":"`
  const tarball = escaped(tarballPath(name, version))
  if (provenance === undefined) return [start, `${tarball}"}`]
  const path = escaped(attestationsPath(name, version))
  const type = JSON.stringify({ predicateType: provenance })
  return [start, `${tarball}","attestations":{"url":"`, `${path}","provenance":${type}}}`]
}

/** Where a tarball is, from the registry's address on. */
export function tarballPath(name: string, version: string): string {
  return `${name}/-/${tarballFile(parsePackageName(name) ?? { name, base: name }, version)}`
}

/** Where a version's attestations are, from the registry's address on. */
export function attestationsPath(name: string, version: string): string {
  return `-/npm/v1/attestations/${name.replace('/', '%2f')}@${version}`
}

/** The full packument as UTF-8 JSON. */
export function fullPackument(input: PackumentInput): Buffer {
  const address = escaped(input.registryUrl)
  const maintainers = `,"maintainers":${JSON.stringify(input.maintainers)}`
  const members = [
    printMembers([
      ['_id', input.name],
      ['_rev', input.revision],
      ['name', input.name],
    ]),
    `"dist-tags":${printTags(input)}`,
    `"versions":${printVersions(input, (prepared) => prepared.full.join(address) + maintainers)}`,
    `"time":${printTime(input)}`,
    `"maintainers":${JSON.stringify(input.maintainers)}`,
    latestOf(input)?.summary,
    printMembers([
      ['readme', input.readme ?? ''],
      ['readmeFilename', input.readmeFilename ?? ''],
    ]),
  ]
  return Buffer.from(`{${members.filter(Boolean).join(',')}}`)
}

/** The packument that installs ask for (`application/vnd.npm.install-v1+json`), as UTF-8 JSON. */
export function abbreviatedPackument(input: PackumentInput): Buffer {
  const address = escaped(input.registryUrl)
  const members = [
    `"name":${JSON.stringify(input.name)}`,
    `"modified":${JSON.stringify(input.modifiedAt)}`,
    `"dist-tags":${printTags(input)}`,
    `"versions":${printVersions(input, (prepared) => prepared.abbreviated.join(address))}`,
    `"time":${printTime(input)}`,
  ]
  return Buffer.from(`{${members.join(',')}}`)
}

/** The manifest of one version or tag; `undefined` when the packument has neither. */
export function versionManifest(input: PackumentInput, versionOrTag: string): Buffer | undefined {
  const tagged = input.tags.find(([tag]) => tag === versionOrTag)?.[1] ?? versionOrTag
  const found = input.versions.find(({ prepared }) => prepared.version === tagged)
  if (!found) return undefined
  const maintainers = `,"maintainers":${JSON.stringify(input.maintainers)}`
  const manifest = found.prepared.full.join(escaped(input.registryUrl)) + maintainers
  return Buffer.from(`${manifest}${printDeprecated(found.deprecated)}}`)
}

function printVersions(input: PackumentInput, print: (prepared: PreparedVersion) => string): string {
  const members = input.versions.map(
    ({ prepared, deprecated }) =>
      `${JSON.stringify(prepared.version)}:${print(prepared)}${printDeprecated(deprecated)}}`,
  )
  return `{${members.join(',')}}`
}

function printDeprecated(message: string | undefined): string {
  return message === undefined ? '' : `,"deprecated":${JSON.stringify(message)}`
}

/** The body of `/-/package/<name>/dist-tags`. */
export function printTags({ tags }: Pick<PackumentInput, 'tags'>): string {
  return `{${printMembers(tags)}}`
}

function printTime({ createdAt, modifiedAt, versions }: PackumentInput): string {
  const published = versions.map(({ prepared }) => [prepared.version, prepared.publishedAt] as const)
  return `{${printMembers([['created', createdAt], ['modified', modifiedAt], ...published])}}`
}

function latestOf({ tags, versions }: PackumentInput): PreparedVersion | undefined {
  const latest = tags.find(([tag]) => tag === 'latest')?.[1]
  return versions.find(({ prepared }) => prepared.version === latest)?.prepared
}

/** JSON members, by hand because an object with a key `__proto__` cannot be built by assignment. */
function printMembers(entries: readonly (readonly [key: string, value: unknown])[]): string {
  return entries
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(',')
}

/** Text as it stands between the quotes of a JSON string. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
