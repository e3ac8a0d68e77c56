import { RegistryError } from '../../errors.ts'
import { requireMessage } from '../../registry/deprecation.ts'
import type { ParsedAttachment } from './attachment-data.ts'
import { isObject } from './json-values.ts'
import { type PackageName, requireTag, requireVersion } from './names.ts'
import type { PublishBody } from './publish-body.ts'

/** A publish body that is whole and agrees with itself; its tarball has not been looked into yet. */
export interface PublishDocument<T> {
  /** The version's identity, without build metadata. */
  version: string
  /** The version's manifest as sent, `dist` removed. */
  manifest: Record<string, unknown>
  /** Where it stands in the body, for messages: `versions["1.0.0"]`. */
  manifestField: string
  /** Tags to set to this version; empty when the client names none. */
  tags: string[]
  tarball: { result: T; sizeBytes: number; name: string }
  /** Text of a sigstore bundle. */
  provenance?: string
  /** As sent: `public`, `restricted`, `private`; whether it is allowed is decided elsewhere. */
  access?: string
  /** What the client says the tarball's hashes are. */
  claimed: { integrity?: string; shasum?: string }
  /** A manifest may come deprecated. */
  deprecated?: string
}

/** A tarball's hashes as the registry has computed them, both in lower-case hex. */
export interface ComputedHashes {
  sha1: string
  sha512: string
}

/** Which attachment of a publish a name stands for, seen before the version is known. */
export function attachmentKind(name: PackageName, attachment: string): 'tarball' | 'provenance' {
  const starts = [`${name.name}-`, `${name.base}-`].some((start) => attachment.startsWith(start))
  if (starts && attachment.endsWith('.tgz')) return 'tarball'
  if (starts && attachment.endsWith('.sigstore')) return 'provenance'
  const field = attachmentField(attachment)
  refuse(`${field} is unknown; attach "${name.name}-<version>.tgz", and with provenance "….sigstore".`, field)
}

/** True for a body of PUT that publishes, not one that edits what is there. */
export function isPublish(body: Pick<PublishBody<unknown>, 'document'>): boolean {
  const attachments = isObject(body.document) ? body.document['_attachments'] : undefined
  return isObject(attachments) && Object.keys(attachments).length > 0
}

/**
 * Reads a publish of `name`, the name in the URL: exactly one version, exactly one tarball whose length is as stated,
 * tags that point to it. Fields it does not know are passed over. Else `payload_invalid`, naming the field.
 */
export function parsePublishDocument<T>(body: PublishBody<T>, name: PackageName): PublishDocument<T> {
  const { document } = body
  if (!isObject(document)) refuse('The body must be a JSON object.', '')
  requireName(document, name)
  const [key, manifest] = onlyVersion(document['versions'])
  const manifestField = `versions[${JSON.stringify(key)}]`
  const version = requireVersion(key, manifestField)
  requireIdentity(manifest, name, version, manifestField)
  const spellings = [version, key]
  const attachments = attachmentsOf(body, name, spellings)
  const dist = isObject(manifest['dist']) ? manifest['dist'] : {}
  return {
    version,
    manifest: withoutDist(manifest),
    manifestField,
    tags: parseTags(document['dist-tags'], spellings),
    ...attachments,
    claimed: stringsOf(dist, ['integrity', 'shasum'], `${manifestField}.dist`),
    ...stringsOf(document, ['access'], ''),
    ...deprecation(manifest, `${manifestField}.deprecated`),
  }
}

/** What `dist.integrity` may name (W3C Subresource Integrity, and SHA-1 as old packages have it). */
const integrityAlgorithms = new Set(['sha1', 'sha256', 'sha384', 'sha512'])

/**
 * Compares what the client says of its tarball with what arrived; `payload_invalid` names the hash that differs, or
 * that is of an unknown algorithm. SHA-256 and SHA-384 are passed over: nothing computes them here.
 */
export function requireHashes(
  document: Pick<PublishDocument<unknown>, 'claimed' | 'manifestField'>,
  computed: ComputedHashes,
): void {
  const { claimed, manifestField } = document
  if (claimed.shasum !== undefined && claimed.shasum.toLowerCase() !== computed.sha1) {
    damaged(`${manifestField}.dist.shasum`, claimed.shasum, computed.sha1)
  }
  for (const item of claimed.integrity?.split(/\s+/).filter((part) => part !== '') ?? []) {
    const [algorithm = '', rest = ''] = splitAt(item, item.indexOf('-'))
    if (!integrityAlgorithms.has(algorithm)) unknownAlgorithm(`${manifestField}.dist.integrity`, item)
    if (algorithm !== 'sha1' && algorithm !== 'sha512') continue
    const expected = Buffer.from(computed[algorithm], 'hex').toString('base64')
    if (rest.slice(1).replace(/\?.*$/, '') !== expected) {
      damaged(`${manifestField}.dist.integrity`, item, `${algorithm}-${expected}`)
    }
  }
}

/** `dist.integrity` of a tarball with this SHA-512, given in hex. */
export function integrityOf(sha512: string): string {
  return `sha512-${Buffer.from(sha512, 'hex').toString('base64')}`
}

function requireName(document: Record<string, unknown>, { name }: PackageName): void {
  for (const field of ['name', '_id']) {
    const stated = document[field]
    if (stated === name || (stated === undefined && field === '_id')) continue
    refuse(`${field} is ${shown(stated)}, but the URL names ${shown(name)}; both must be the same.`, field)
  }
}

function onlyVersion(versions: unknown): [key: string, manifest: Record<string, unknown>] {
  const entries = isObject(versions) ? Object.entries(versions) : []
  const [key, manifest] = entries[0] ?? []
  if (key === undefined || entries.length !== 1) {
    refuse(`versions has ${entries.length} entries; publish exactly one version at a time.`, 'versions')
  }
  if (!isObject(manifest)) refuse(`versions[${shown(key)}] must be an object.`, `versions[${shown(key)}]`)
  return [key, manifest]
}

function requireIdentity(manifest: Record<string, unknown>, { name }: PackageName, version: string, at: string): void {
  if (manifest['name'] !== name)
    refuse(`${at}.name is ${shown(manifest['name'])}, but must be ${shown(name)}.`, `${at}.name`)
  const stated = requireVersion(manifest['version'], `${at}.version`)
  if (stated !== version) refuse(`${at}.version is ${shown(stated)}, but must be ${shown(version)}.`, `${at}.version`)
}

function parseTags(tags: unknown, spellings: string[]): string[] {
  if (tags === undefined) return []
  if (!isObject(tags)) refuse('dist-tags must be an object.', 'dist-tags')
  return Object.entries(tags).map(([tag, version]) => {
    const field = `dist-tags[${shown(tag)}]`
    if (typeof version !== 'string' || !spellings.includes(version)) {
      refuse(`${field} is ${shown(version)}, but must be the published version ${shown(spellings[0])}.`, field)
    }
    return requireTag(tag, field)
  })
}

function attachmentsOf<T>(
  body: PublishBody<T>,
  name: PackageName,
  spellings: string[],
): Pick<PublishDocument<T>, 'tarball' | 'provenance'> {
  let tarball: PublishDocument<T>['tarball'] | undefined
  let provenance: string | undefined
  for (const [key, attachment] of body.attachments) {
    const kind = requireAttachmentName(key, name, spellings)
    requireLength(body.document, key, attachment)
    if (kind === 'tarball' ? tarball !== undefined : provenance !== undefined) {
      refuse(`${attachmentField(key)} is a second ${kind}; attach one.`, attachmentField(key))
    }
    if (attachment.kind === 'text') provenance = attachment.text
    else tarball = { result: attachment.result, sizeBytes: attachment.sizeBytes, name: key }
  }
  if (!tarball) {
    refuse(`_attachments has no data for "${name.name}-${spellings[0]}.tgz", the version's tarball.`, '_attachments')
  }
  return provenance === undefined ? { tarball } : { tarball, provenance }
}

/** Clients up to npm 6 and some others leave the scope out of the attachment's name. */
function requireAttachmentName(key: string, name: PackageName, spellings: string[]): 'tarball' | 'provenance' {
  const kind = attachmentKind(name, key)
  const suffix = kind === 'tarball' ? '.tgz' : '.sigstore'
  const allowed = spellings.flatMap((version) => [
    `${name.name}-${version}${suffix}`,
    `${name.base}-${version}${suffix}`,
  ])
  if (allowed.includes(key)) return kind
  const field = attachmentField(key)
  refuse(`${field} does not belong to version ${shown(spellings[0])}; it must be named ${shown(allowed[0])}.`, field)
}

function requireLength(document: unknown, key: string, attachment: ParsedAttachment<unknown>): void {
  const stated = lengthOf(document, key)
  if (stated === undefined) return
  const actual = attachment.kind === 'text' ? attachment.text.length : attachment.sizeBytes
  const field = `${attachmentField(key)}.length`
  if (stated !== actual) refuse(`${field} is ${shown(stated)}, but the data has ${actual} bytes; send it again.`, field)
}

function lengthOf(document: unknown, key: string): unknown {
  const attachments = isObject(document) ? document['_attachments'] : undefined
  const attachment = isObject(attachments) && Object.hasOwn(attachments, key) ? attachments[key] : undefined
  return isObject(attachment) ? attachment['length'] : undefined
}

function withoutDist(manifest: Record<string, unknown>): Record<string, unknown> {
  const { dist: _, ...rest } = manifest
  return rest
}

function deprecation({ deprecated }: Record<string, unknown>, field: string): { deprecated?: string } {
  if (typeof deprecated !== 'string' || deprecated === '') return {}
  requireMessage(deprecated, field)
  return { deprecated }
}

/** The fields that are there; `null` counts as absent, since npm sends `access: null`. */
function stringsOf<K extends string>(from: Record<string, unknown>, keys: K[], at: string): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {}
  for (const key of keys) {
    const value = from[key]
    if (typeof value === 'string') found[key] = value
    else if (value !== undefined && value !== null) {
      const field = at ? `${at}.${key}` : key
      refuse(`${field} must be a string.`, field)
    }
  }
  return found
}

function attachmentField(name: string): string {
  return `_attachments[${JSON.stringify(name)}]`
}

function splitAt(text: string, at: number): [string, string] {
  return [text.slice(0, Math.max(0, at)), text.slice(Math.max(0, at))]
}

function unknownAlgorithm(field: string, item: string): never {
  refuse(`${field} holds ${shown(item)}, which is no hash that installs know; send "sha512-…", or leave it out.`, field)
}

function damaged(field: string, claimed: string, actual: string): never {
  refuse(`${field} is ${shown(claimed)}, but the data that arrived has ${shown(actual)}; send it again.`, field)
}

function shown(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}

function refuse(message: string, field: string): never {
  throw new RegistryError('payload_invalid', message, field === '' ? {} : { field })
}
