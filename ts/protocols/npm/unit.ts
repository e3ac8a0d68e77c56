import type { Json } from '../../metadata/engine.ts'
import type { PackageFacts, UnitDocument, UnitMark } from '../../metadata/schema.ts'
import { isObject } from './json-values.ts'
import type { NpmVersionInput } from './packument.ts'

/** What npm keeps with a unit: one version as published. Read back with `versionOfUnit`. */
export interface NpmUnit extends Omit<NpmVersionInput, 'version' | 'publishedAt'> {
  readme?: string
  readmeFilename?: string
  /** A manifest may come deprecated; a mark of the package overrides it. */
  deprecated?: string
}

/** The unit's metadata as JSON; `NpmUnit` has no members that JSON cannot hold. */
export function unitMetadata(unit: NpmUnit): Json {
  return unit as unknown as Json
}

/** The metadata of a unit that this protocol published. */
export function npmUnit(unit: UnitDocument): NpmUnit {
  return unit.metadata as unknown as NpmUnit
}

/** One version for the packument. */
export function versionOfUnit(unit: UnitDocument): NpmVersionInput {
  return { ...npmUnit(unit), version: unit.version, publishedAt: new Date(unit.createdAt).toISOString() }
}

/** What a version's deprecation is now; a mark with an empty message takes the published one back. */
export function deprecationOf(unit: UnitDocument, mark: UnitMark | undefined): string | undefined {
  return (mark?.deprecated ?? npmUnit(unit).deprecated) || undefined
}

const maxKeywords = 50

/** What search shows of the package when this version stands for it. */
export function describeUnit(unit: UnitDocument): Omit<PackageFacts, 'version'> {
  const { manifest } = npmUnit(unit)
  const keywords = Array.isArray(manifest['keywords']) ? manifest['keywords'] : []
  const author = manifest['author']
  const authorName = isObject(author) ? author['name'] : author
  return {
    description: textOf(manifest['description']).slice(0, 1000),
    keywords: keywords.filter((keyword) => typeof keyword === 'string').slice(0, maxKeywords),
    authors: [textOf(authorName).slice(0, 200), unit.publisherName].filter((name) => name !== ''),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : ''
}
