import semver from 'semver'
import { RegistryError } from '../../errors.ts'
import type { Person } from './packument.ts'

/** A word such as `keywords:cli,tool`: a hit must have one of the values, or none of them after `not:`. */
export interface Qualifier {
  kind: 'author' | 'maintainer' | 'keywords' | 'scope' | 'is' | 'not'
  /** Lower case. */
  values: string[]
}

export interface SearchRequest {
  /** The plain words, separated by single spaces. */
  text: string
  qualifiers: Qualifier[]
  from: number
  size: number
}

/** What a package is asked for; names and words in any case. */
export interface SearchFacts {
  name: string
  version: string
  keywords: readonly string[]
  authors: readonly string[]
  maintainers: readonly string[]
  deprecated: boolean
}

const defaultSize = 20
const maxSize = 250
const maxTextLength = 512
const kinds = new Set<string>(['author', 'maintainer', 'keywords', 'scope', 'is', 'not'] satisfies Qualifier['kind'][])
/** Weights that other registries know; nothing here depends on them. */
const ignoredKinds = new Set(['boost-exact', 'quality-weight', 'popularity-weight', 'maintenance-weight'])

/** Reads the query of `/-/v1/search`. Sizes above 250 count as 250; what is no number is `payload_invalid`. */
export function parseSearchRequest(query: { text?: string; size?: string; from?: string }): SearchRequest {
  const { text = '' } = query
  if (text.length > maxTextLength) refuse(`text has ${text.length} characters; use at most ${maxTextLength}.`, 'text')
  const words: string[] = []
  const qualifiers: Qualifier[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, kind = '', value = ''] = /^([a-z-]+):(.+)$/.exec(word) ?? []
    if (ignoredKinds.has(kind)) continue
    if (isKind(kind)) qualifiers.push({ kind, values: valuesOf(kind, value) })
    else words.push(word)
  }
  const size = Math.min(countOf(query.size, defaultSize, 'size'), maxSize)
  return { text: words.join(' '), qualifiers, from: countOf(query.from, 0, 'from'), size }
}

function isKind(kind: string): kind is Qualifier['kind'] {
  return kinds.has(kind)
}

function valuesOf(kind: Qualifier['kind'], value: string): string[] {
  const values = value.toLowerCase().replaceAll('"', '').split(',').filter(Boolean)
  return kind === 'scope' ? values.map((scope) => scope.replace(/^@/, '')) : values
}

function countOf(text: string | undefined, absent: number, field: string): number {
  if (text === undefined || text === '') return absent
  if (!/^\d{1,9}$/.test(text)) refuse(`${field} must be a whole number, such as ${absent}.`, field)
  return Number(text)
}

/** True when a package fulfils every qualifier. The plain words are not looked at. */
export function fulfils(request: Pick<SearchRequest, 'qualifiers'>, facts: SearchFacts): boolean {
  return request.qualifiers.every(({ kind, values }) => {
    if (kind === 'not') return !values.some((value) => isSo(value, facts))
    if (kind === 'is') return values.some((value) => isSo(value, facts))
    const own = ownValues(kind, facts)
    return values.some((value) => own.includes(value))
  })
}

/** A word that every hit has, to look packages up by when there are no plain words. */
export function anchorOf({ qualifiers }: Pick<SearchRequest, 'qualifiers'>): string | undefined {
  for (const { kind, values } of qualifiers) {
    const [only] = values
    if (only === undefined || values.length > 1) continue
    if (kind === 'scope') return `@${only}`
    if (kind === 'keywords' || kind === 'author') return only
  }
  return undefined
}

function ownValues(kind: 'author' | 'maintainer' | 'keywords' | 'scope', facts: SearchFacts): string[] {
  if (kind === 'scope') return [/^@([^/]+)\//.exec(facts.name)?.[1]?.toLowerCase() ?? '']
  const own = { author: facts.authors, maintainer: facts.maintainers, keywords: facts.keywords }[kind]
  return own.map((value) => value.toLowerCase())
}

/** `insecure` is never so: no source of advisories is configured. Unknown words are never so either. */
function isSo(word: string, { version, deprecated }: SearchFacts): boolean {
  if (word === 'deprecated') return deprecated
  if (word === 'unstable') return semver.lt(version, '1.0.0', { loose: true })
  return false
}

export interface SearchHit {
  name: string
  version: string
  description: string
  keywords: readonly string[]
  /** ISO 8601, of the version. */
  date: string
  publisher?: Person
  maintainers: readonly Person[]
  links?: { homepage?: string; repository?: string; bugs?: string }
  /** Larger is better, from 0 to 1. */
  score: number
}

/** The body of `/-/v1/search`. `total` counts all hits, `now` is ISO 8601. */
export function searchAnswer(hits: readonly SearchHit[], total: number, now: string): object {
  return { objects: hits.map(searchObject), total, time: now }
}

function searchObject({ score, publisher, maintainers, links = {}, ...hit }: SearchHit): object {
  const scope = /^@([^/]+)\//.exec(hit.name)?.[1] ?? 'unscoped'
  const people = { ...(publisher ? { publisher: userOf(publisher) } : {}), maintainers: maintainers.map(userOf) }
  const detail = { quality: score, popularity: score, maintenance: score }
  return { package: { ...hit, scope, links, ...people }, score: { final: score, detail }, searchScore: score }
}

/** Search names people by `username`, everything else by `name`. */
function userOf({ name, email }: Person): { username: string; email?: string } {
  return email === undefined ? { username: name } : { username: name, email }
}

function refuse(message: string, field: string): never {
  throw new RegistryError('payload_invalid', message, { field })
}
