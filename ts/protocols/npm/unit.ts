import type { Json } from '../../metadata/engine.ts'
import type { PackageDocument, PackageFacts, UnitDocument, UnitMark } from '../../metadata/package-schema.ts'
import { deprecationOf } from '../../registry/deprecation.ts'
import type { Download, Protocol } from '../protocol.ts'
import { isObject } from './json-values.ts'
import type { NpmVersionInput } from './packument.ts'

/** What npm keeps with a unit: one version as published. Read back with `versionOfUnit`. */
export interface NpmUnit extends Omit<NpmVersionInput, 'version' | 'publishedAt'> {
  readme?: string
  readmeFilename?: string
  /** A manifest may come deprecated; a mark of the package overrides it. */
  deprecated?: string
}

/** The unit's metadata as JSON. */
export function unitMetadata(unit: NpmUnit): Json {
  // It has no members that JSON cannot hold, which the type of an interface does not tell.
  return unit as unknown as Json
}

/** The metadata of a unit that this protocol published. */
export function npmUnit(unit: UnitDocument): NpmUnit {
  // `unitMetadata` made it: nobody else writes units of npm's.
  return unit.metadata as unknown as NpmUnit
}

/** One version for the packument. */
export function versionOfUnit(unit: UnitDocument): NpmVersionInput {
  return { ...npmUnit(unit), version: unit.version, publishedAt: new Date(unit.createdAt).toISOString() }
}

/** What npm tells as a version's deprecation: it has no yanking, and its clients avoid what is deprecated. */
export function deprecationShown(
  pkg: Pick<PackageDocument, 'status'>,
  mark: UnitMark | undefined,
  published: string | undefined,
): string | undefined {
  const message = deprecationOf(pkg, mark, published)
  if (mark?.yanked === undefined) return message
  return [`Yanked${mark.yanked && `: ${mark.yanked}`}`, message].filter(Boolean).join('\n')
}

/** Where a file of a version is, and its hashes. A provenance bundle is given out inside another document alone. */
export function downloadOf({ name, unit, file }: Parameters<Protocol['download']>[0]): Download {
  const { integrity, shasum } = npmUnit(unit).dist
  if (!file.name.endsWith('.tgz')) return { digests: {} }
  const sha512 = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')
  const encoded = name.split('/').map(encodeURIComponent).join('/').replace(/^%40/, '@')
  return { path: `${encoded}/-/${encodeURIComponent(file.name)}`, digests: { sha512, sha1: shasum } }
}

const maxKeywords = 50

/** What search shows of the package when this version stands for it. */
export function describeUnit(unit: UnitDocument): Omit<PackageFacts, 'version'> {
  const { manifest } = npmUnit(unit)
  const keywords = Array.isArray(manifest['keywords']) ? manifest['keywords'] : []
  const author = manifest['author']
  const authorName = isObject(author) ? author['name'] : author
  const { deprecated } = npmUnit(unit)
  return {
    description: textOf(manifest['description']).slice(0, 1000),
    keywords: keywords.filter((keyword) => typeof keyword === 'string').slice(0, maxKeywords),
    authors: [textOf(authorName).slice(0, 200), unit.publisherName].filter((name) => name !== ''),
    ...(deprecated && { deprecated }),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : ''
}
