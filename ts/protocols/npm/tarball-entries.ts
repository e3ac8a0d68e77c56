import { Parser, type ReadEntry } from 'tar'
import { RegistryError } from '../../errors.ts'
import type { TarballFacts, TarballLimits } from './tarball-facts.ts'

const fileTypes = new Set(['File', 'OldFile', 'ContiguousFile'])

/** Collects what the registry wants to know of an unpacked archive; throws at the first entry that may not be. */
export class ArchiveReader {
  readonly #limits: TarballLimits
  readonly #parser = new Parser({ strict: true, onReadEntry: (entry) => this.#attempt(() => this.#take(entry)) })
  #problem: unknown
  #head: Buffer | undefined = Buffer.alloc(0)
  #entries = 0
  #top: string | undefined
  #fileCount = 0
  #unpackedSizeBytes = 0
  #packageJson: Buffer[] | undefined
  #readme: { rank: number; file: string; parts: Buffer[] } | undefined
  readonly #rootFiles = { shrinkwrap: false, bindingGyp: false, gyp: false, server: false }

  constructor(limits: TarballLimits) {
    this.#limits = limits
    this.#parser.on('error', (err: Error) => this.#attempt(() => refuse(`it is no valid tar archive (${err.message})`)))
    this.#parser.on('ignoredEntry', (entry: ReadEntry) => this.#attempt(() => this.#refuseType(entry)))
    this.#parser.on('meta', (text: string) => this.#attempt(() => requireNoNul(text)))
  }

  write(chunk: Buffer): void {
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, chunk])
      if (this.#head.length < 2) return
      requireUncompressed(this.#head)
    }
    this.#parser.write(this.#head ?? chunk)
    this.#head = undefined
    if (this.#problem) throw this.#problem
  }

  finish(): TarballFacts {
    this.#parser.end()
    if (this.#problem) throw this.#problem
    if (!this.#packageJson) refuse('it has no package.json in its top directory')
    const packageJson = parsePackageJson(Buffer.concat(this.#packageJson))
    const { shrinkwrap, bindingGyp, gyp, server } = this.#rootFiles
    return {
      packageJson,
      hasInstallScript: hasInstallScript(packageJson) || (bindingGyp && packageJson['gypfile'] !== false),
      hasShrinkwrap: shrinkwrap,
      hasGypFile: gyp,
      hasServerScript: server,
      unpackedSizeBytes: this.#unpackedSizeBytes,
      fileCount: this.#fileCount,
      ...this.#readmeFacts(),
    }
  }

  /** The parser calls us inside its own loop: an error thrown there would leave it in an unknown state. */
  #attempt(work: () => void): void {
    if (this.#problem) return
    try {
      work()
    } catch (err) {
      this.#problem = err
    }
  }

  #take(entry: ReadEntry): void {
    if (++this.#entries > this.#limits.maxEntries) refuse(`it has more than ${this.#limits.maxEntries} entries`)
    const isFile = fileTypes.has(entry.type)
    if (!isFile && entry.type !== 'Directory') this.#refuseType(entry)
    const inside = this.#pathInside(entry.path)
    if (isFile) this.#takeFile(entry, inside)
    entry.resume()
  }

  #refuseType(entry: ReadEntry): never {
    refuse(`the entry ${shown(entry.path)} is a ${entry.type}; only files and directories are allowed`)
  }

  /** The path below the top directory, which clients strip whatever its name. */
  #pathInside(path: string): string {
    if (path.length > this.#limits.maxPathLength) {
      refuse(`the path ${shown(path)} is longer than ${this.#limits.maxPathLength} characters`)
    }
    if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) refuse(`the path ${shown(path)} is absolute`)
    if (path.includes('\\')) refuse(`the path ${shown(path)} contains a backslash`)
    const [top = '', ...segments] = path.split('/')
    if (top === '..' || segments.includes('..')) refuse(`the path ${shown(path)} contains ".."`)
    this.#top ??= top
    if (top !== this.#top) {
      refuse(
        `the entries ${shown(`${this.#top}/`)} and ${shown(path)} are not in one top directory, such as "package/"`,
      )
    }
    return segments.filter((segment) => segment !== '' && segment !== '.').join('/')
  }

  #takeFile(entry: ReadEntry, inside: string): void {
    this.#fileCount++
    this.#unpackedSizeBytes += entry.size
    if (inside === '' || inside.includes('/')) return
    const lower = inside.toLowerCase()
    if (lower === 'package.json') this.#takePackageJson(entry, inside)
    else if (/^readme(\.[a-z]+)?$/.test(lower)) this.#takeReadme(entry, inside)
    else if (inside === 'npm-shrinkwrap.json') this.#rootFiles.shrinkwrap = true
    else if (inside === 'server.js') this.#rootFiles.server = true
    else if (inside.endsWith('.gyp')) this.#rootFiles.gyp = true
    if (inside === 'binding.gyp') this.#rootFiles.bindingGyp = true
  }

  /** `Package.json` would overwrite `package.json` where file names have no case. */
  #takePackageJson(entry: ReadEntry, inside: string): void {
    if (this.#packageJson) refuse('it has two files package.json')
    if (inside !== 'package.json') refuse(`the file ${shown(inside)} must be named "package.json"`)
    if (entry.size > this.#limits.maxPackageJsonBytes) {
      refuse(`its package.json is larger than ${this.#limits.maxPackageJsonBytes} bytes`)
    }
    const parts: Buffer[] = []
    this.#packageJson = parts
    entry.on('data', (chunk: Buffer) => parts.push(Buffer.from(chunk)))
  }

  #takeReadme(entry: ReadEntry, file: string): void {
    const rank = /\.(md|markdown)$/i.test(file) ? 2 : 1
    if (rank <= (this.#readme?.rank ?? 0)) return
    const parts: Buffer[] = []
    let room = this.#limits.maxReadmeBytes
    this.#readme = { rank, file, parts }
    entry.on('data', (chunk: Buffer) => {
      if (room > 0) parts.push(Buffer.from(chunk.subarray(0, room)))
      room -= chunk.length
    })
  }

  #readmeFacts(): Pick<TarballFacts, 'readme' | 'readmeFilename'> {
    if (!this.#readme) return {}
    // `stream` drops a character that the limit has cut in two.
    const readme = new TextDecoder().decode(Buffer.concat(this.#readme.parts), { stream: true })
    return { readme, readmeFilename: this.#readme.file }
  }
}

/** The parser would unpack a second layer of gzip or zstd by itself, without our bounds. */
function requireUncompressed(head: Buffer): void {
  const start = head.toString('hex', 0, 2)
  if (start === '1f8b' || start === '28b5') refuse('it is compressed twice')
}

/** A pax path ends for some readers at a NUL and for others not; a GNU long name is padded with NULs. */
function requireNoNul(meta: string): void {
  if (/\0[^\0]/.test(meta)) refuse(`the extended header ${shown(meta)} contains a NUL`)
}

function parsePackageJson(bytes: Buffer): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (err) {
    refuse(`its package.json is not JSON (${err instanceof SyntaxError ? err.message : 'it is not UTF-8'})`)
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) refuse('its package.json is no object')
  return parsed as Record<string, unknown>
}

function hasInstallScript(packageJson: Record<string, unknown>): boolean {
  const scripts = packageJson['scripts']
  if (scripts === null || typeof scripts !== 'object') return false
  return Object.entries(scripts).some(
    ([name, script]) => /^(pre|post)?install$/.test(name) && typeof script === 'string' && script !== '',
  )
}

function shown(path: string): string {
  return JSON.stringify(path.length > 100 ? `${path.slice(0, 100)}…` : path)
}

function refuse(why: string): never {
  throw new RegistryError('payload_invalid', `The tarball is refused: ${why}.`, { field: '_attachments' })
}
