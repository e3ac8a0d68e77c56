import semver from 'semver'
import { RegistryError } from '../../errors.ts'

export interface PackageName {
  /** The whole name, `@scope/base` or `base`. */
  name: string
  /** Without `@`; absent for an unscoped name. */
  scope?: string
  /** The name without its scope; the stem of tarball file names. */
  base: string
}

const maxNameLength = 214
const maxTagLength = 128
const forbiddenNames = new Set(['node_modules', 'favicon.ico'])

/**
 * The parts of a name as it may stand in a URL; `undefined` when no npm client could have meant a package by it. Legacy
 * names (upper case, `~'!()*`, more than 214 characters) have parts, since old packages may be asked for.
 */
export function parsePackageName(name: string): PackageName | undefined {
  const match = /^(?:@([^/@]+)\/)?([^/@]+)$/.exec(name)
  const [scope, base] = [match?.[1], match?.[2]]
  if (base === undefined || !isUrlSafe(base) || (scope !== undefined && !isUrlSafe(scope))) return undefined
  if (/^[.-]/.test(base) || (scope === undefined && base.startsWith('_'))) return undefined
  if (forbiddenNames.has(name.toLowerCase())) return undefined
  return scope === undefined ? { name, base } : { name, scope, base }
}

function isUrlSafe(text: string): boolean {
  return /^[A-Za-z0-9._~!'()*-]+$/.test(text) && text !== '.' && text !== '..'
}

/** The parts of a name that a new package may have; else `payload_invalid`, saying which rule it breaks. */
export function requireNewName(name: unknown, field = 'name'): PackageName {
  const shown = JSON.stringify(name)
  if (typeof name !== 'string' || name === '') refuse('A package name must be a string that is not empty.', field)
  if (name.length > maxNameLength) {
    refuse(
      `The name has ${name.length} characters; a package name has at most ${maxNameLength}, its scope included.`,
      field,
    )
  }
  if (name.trim() !== name) refuse(`${shown} has white space around it; use ${JSON.stringify(name.trim())}.`, field)
  if (name !== name.toLowerCase()) {
    refuse(
      `${shown} has upper-case letters; new packages are lower-case: ${JSON.stringify(name.toLowerCase())}.`,
      field,
    )
  }
  if (forbiddenNames.has(name)) refuse(`${shown} is reserved and cannot name a package.`, field)
  const [scope, base] = splitScope(name)
  if (scope !== undefined) requirePart(scope, 'scope', /^[._-]/, shown, field)
  requirePart(base, 'name', scope === undefined ? /^[._-]/ : /^[.-]/, shown, field)
  return scope === undefined ? { name, base } : { name, scope, base }
}

function splitScope(name: string): [scope: string | undefined, base: string] {
  if (!name.startsWith('@')) return [undefined, name]
  const slash = name.indexOf('/')
  return slash === -1 ? [name.slice(1), ''] : [name.slice(1, slash), name.slice(slash + 1)]
}

function requirePart(part: string, what: 'scope' | 'name', badStart: RegExp, shown: string, field: string): void {
  if (part === '') refuse(`${shown} has no ${what}; a scoped name is written "@scope/name".`, field)
  const start = badStart.exec(part)?.[0]
  if (start)
    refuse(`${shown} is no package name: its ${what} starts with "${start}", but must start with a-z or 0-9.`, field)
  const foreign = /[^a-z0-9._-]/u.exec(part)?.[0]
  if (!foreign) return
  refuse(
    `${shown} is no package name: its ${what} contains ${JSON.stringify(foreign)}; use a-z, 0-9, ".", "_" and "-".`,
    field,
  )
}

/** `name-1.0.0.tgz`; for a scoped name without its scope, as every client asks for it. */
export function tarballFile(name: PackageName, version: string): string {
  return `${name.base}-${version}.tgz`
}

/** The version in a tarball's file name; `undefined` when the file is not one of this package. */
export function versionOfTarballFile(name: PackageName, file: string): string | undefined {
  const [prefix, suffix] = [`${name.base}-`, '.tgz']
  if (!file.startsWith(prefix) || !file.endsWith(suffix)) return undefined
  const version = file.slice(prefix.length, -suffix.length)
  return semver.valid(version) === version ? version : undefined
}

/**
 * A version's identity: strict semver, its build metadata dropped, since npm takes `1.0.0+a` and `1.0.0+b` for the same.
 * Else `payload_invalid`, saying what would be right.
 */
export function requireVersion(version: unknown, field: string): string {
  const shown = JSON.stringify(version)
  if (typeof version !== 'string')
    refuse(`The version must be a string such as "1.0.0", not ${shown ?? 'absent'}.`, field)
  const parsed = semver.parse(version)
  const loose = semver.parse(version, { loose: true })
  if (!loose) refuse(`${shown} is no version; use semantic versioning: "1.0.0", "1.0.0-beta.1".`, field)
  if (!parsed || withBuild(parsed) !== version)
    refuse(`${shown} is no strict semver version; use "${withBuild(loose)}".`, field)
  return parsed.version
}

function withBuild(version: semver.SemVer): string {
  return version.build.length > 0 ? `${version.version}+${version.build.join('.')}` : version.version
}

/** A name for a dist-tag; else `payload_invalid`. A tag that reads as a range would hide versions: `1.0`, `v1`, `*`. */
export function requireTag(tag: unknown, field: string): string {
  const shown = JSON.stringify(tag)
  if (typeof tag !== 'string' || tag === '') refuse('A dist-tag must be a string that is not empty.', field)
  if (tag.length > maxTagLength) refuse(`A dist-tag has at most ${maxTagLength} characters.`, field)
  if (semver.validRange(tag, { loose: true }) !== null) {
    refuse(`The dist-tag ${shown} can be read as a version range; use a word such as "next".`, field)
  }
  if (!isUrlSafe(tag))
    refuse(`The dist-tag ${shown} cannot stand in a URL; use letters, digits, ".", "_" and "-".`, field)
  return tag
}

function refuse(message: string, field: string): never {
  throw new RegistryError('payload_invalid', message, { field })
}
