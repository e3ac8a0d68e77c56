import { posix } from 'node:path'

/** A manifest's parts in the one form in which what different clients make of the same package.json is equal. */
export type Manifest = Readonly<Record<string, unknown>>

/** A client's spelling of a git host, so that `user/project`, `github:user/project` and its URLs are one. */
const gitHosts = new Map([
  ['github.com', 'github'],
  ['gitlab.com', 'gitlab'],
  ['bitbucket.org', 'bitbucket'],
  ['gist.github.com', 'gist'],
])

export interface Dependencies {
  dependencies: Map<string, string>
  optionalDependencies: Map<string, string>
  devDependencies: Map<string, string>
}

/**
 * Dependencies as clients agree on them. npm up to 10 copies optional ones into `dependencies`, Yarn 1 keeps a name in
 * the first of optional, plain and dev only and gives it the first range that is not `*`, npm adds bundled ones that are
 * missing with `*`, and all rewrite the addresses of known git hosts.
 */
export function canonicalDependencies(manifest: Manifest): Dependencies {
  const optionalDependencies = ranges(manifest['optionalDependencies'])
  const dependencies = ranges(manifest['dependencies'])
  const devDependencies = ranges(manifest['devDependencies'])
  for (const name of bundled(manifest, dependencies)) if (!dependencies.has(name)) dependencies.set(name, '*')
  const sections = [optionalDependencies, dependencies, devDependencies]
  const decided = new Map<string, string>()
  for (const section of sections) {
    for (const [name, range] of section) if (range !== '*' && !decided.has(name)) decided.set(name, range)
  }
  const placed = new Set<string>()
  for (const section of sections) {
    for (const [name, range] of section) {
      if (placed.has(name)) section.delete(name)
      else section.set(name, decided.get(name) ?? range)
      placed.add(name)
    }
  }
  return { dependencies, optionalDependencies, devDependencies }
}

/** Peer dependencies; nobody rewrites more of them than an empty range. */
export function canonicalPeers(manifest: Manifest): Map<string, string> {
  return ranges(manifest['peerDependencies'])
}

/** Names of the peers that are optional: pnpm writes `optional: false` where nothing was. */
export function optionalPeers(manifest: Manifest): Map<string, string> {
  const meta = entriesOf(manifest['peerDependenciesMeta'])
  return new Map(meta.filter(([, value]) => isTrue(value)).map(([name]) => [name, 'optional']))
}

function isTrue(meta: unknown): boolean {
  return entriesOf(meta).some(([key, value]) => key === 'optional' && value === true)
}

/** Names of bundled dependencies; `true` means all, and both spellings count. */
export function canonicalBundled(manifest: Manifest): Map<string, string> {
  return new Map(bundled(manifest, ranges(manifest['dependencies'])).map((name) => [name, 'bundled']))
}

function bundled(manifest: Manifest, dependencies: Map<string, string>): string[] {
  const value = manifest['bundleDependencies'] ?? manifest['bundledDependencies']
  if (value === true) return [...dependencies.keys()]
  if (Array.isArray(value)) return value.filter((name): name is string => typeof name === 'string' && name !== '')
  return entriesOf(value).map(([name]) => name)
}

/** Executables by their name. A string means one named like the package, without its scope. */
export function canonicalBin(manifest: Manifest): Map<string, string> {
  const { name, bin } = manifest
  const named =
    typeof bin === 'string'
      ? [[String(name), bin]]
      : Array.isArray(bin)
        ? bin.map((path) => [path, path])
        : entriesOf(bin)
  const bins = new Map<string, string>()
  for (const [key, path] of named) {
    if (typeof key !== 'string' || typeof path !== 'string') continue
    const [executable, target] = [posix.basename(insidePath(key)), insidePath(path)]
    if (executable && target) bins.set(executable, target)
  }
  return bins
}

/** A path below the package, as npm secures it. */
export function insidePath(path: string): string {
  return posix.join('/', path.replaceAll(/[\\:]/g, '/')).slice(1)
}

/** Scripts that are strings, without a leading `node_modules/.bin/`, which npm removes. */
export function canonicalScripts(manifest: Manifest): Map<string, string> {
  const scripts = new Map<string, string>()
  for (const [name, script] of entriesOf(manifest['scripts'])) {
    if (typeof script === 'string') scripts.set(name, script.replace(/^(\.[/\\])?node_modules[/\\].bin[\\/]/, ''))
  }
  return scripts
}

function ranges(value: unknown): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, range] of dependencyEntries(value)) {
    if (typeof range === 'string') found.set(name, canonicalRange(range))
  }
  return found
}

/** npm also reads the lists of its first years: `["a@1", "b >=2"]`, or the same in one string. */
function dependencyEntries(value: unknown): [string, unknown][] {
  const list = typeof value === 'string' ? value.trim().split(/[\s,]+/) : value
  if (!Array.isArray(list)) return entriesOf(list)
  return list
    .filter((item): item is string => typeof item === 'string' && item !== '')
    .map((item) => {
      const [name = '', ...range] = item.trim().split(/(:?[@\s><=])/)
      return [name, range.join('').replace(/^@/, '').trim()]
    })
}

function canonicalRange(range: string): string {
  const trimmed = range.trim()
  return trimmed === '' ? '*' : (canonicalGit(trimmed) ?? trimmed)
}

/** `github:user/project#commit` for each way to write it; `undefined` for what is no known git host's address. */
function canonicalGit(range: string): string | undefined {
  const [address = '', commit = ''] = splitOnce(range, '#')
  const short = /^(?:(github|gitlab|bitbucket|gist):)?([^\s/@:.~-][^\s/@:]*\/)?([^\s/@:]+?)(?:\.git)?$/.exec(address)
  if (short?.[1] || short?.[2]) return `${short[1] ?? 'github'}:${short[2] ?? ''}${short[3]}#${commit}`
  const url =
    /^(?:(?:git\+)?(?:https?|ssh|git):\/\/|git@(?=[^/]+:))(?:[^@/]*@)?(?:www\.)?([^/:]+)[/:](.+?)(?:\.git)?\/?$/.exec(
      address,
    )
  const host = gitHosts.get(url?.[1] ?? '')
  const [, path = '', tree] = /^([^/]+\/[^/]+?|[^/]+)(?:\.git)?(?:\/tree\/(.+))?$/.exec(url?.[2] ?? '') ?? []
  return host && path ? `${host}:${path}#${commit || (tree ?? '')}` : undefined
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function entriesOf(value: unknown): [string, unknown][] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
}
