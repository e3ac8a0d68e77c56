import semver from 'semver'
import { RegistryError } from '../../errors.ts'
import {
  canonicalBin,
  canonicalBundled,
  canonicalDependencies,
  canonicalPeers,
  canonicalScripts,
  insidePath,
  type Manifest,
  optionalPeers,
} from './manifest-forms.ts'
import { requireShapes } from './manifest-shapes.ts'
import type { TarballFacts } from './tarball-facts.ts'

/** A list of platforms; one may be written without the list. */
function platforms(manifest: Manifest, name: string): Map<string, string> {
  const value = Object.hasOwn(manifest, name) ? (manifest[name] ?? []) : []
  return new Map((Array.isArray(value) ? value : [value]).map((platform) => [String(platform), '']))
}

type Facts = Pick<TarballFacts, 'packageJson' | 'hasGypFile' | 'hasServerScript'>

/**
 * Compares the manifest that a client publishes with the package.json in its tarball: what a registry shows and what an
 * install runs must be the same. What honest clients change on the way (npm, pnpm, Yarn, Bun) is no difference. Throws
 * `payload_invalid`, naming the field below `at`, such as `versions["1.0.0"]`.
 */
export function requireAgreement(manifest: Manifest, facts: Facts, at: string): void {
  const packageJson = facts.packageJson
  requireShapes(manifest, at)
  requireIdentity(manifest, packageJson, at)
  for (const name of ['os', 'cpu', 'libc'])
    requireEqual(platforms(manifest, name), platforms(packageJson, name), `${at}.${name}`)
  const [sent, packed] = [canonicalDependencies(manifest), canonicalDependencies(packageJson)]
  requireEqual(sent.dependencies, packed.dependencies, `${at}.dependencies`)
  requireEqual(sent.optionalDependencies, packed.optionalDependencies, `${at}.optionalDependencies`)
  requireEqual(sent.devDependencies, packed.devDependencies, `${at}.devDependencies`)
  requireEqual(canonicalPeers(manifest), canonicalPeers(packageJson), `${at}.peerDependencies`)
  requireEqual(optionalPeers(manifest), optionalPeers(packageJson), `${at}.peerDependenciesMeta`)
  requireEqual(canonicalBundled(manifest), canonicalBundled(packageJson), `${at}.bundleDependencies`)
  requireInside(manifest, `${at}.bin`)
  requireInside(packageJson, 'package.json bin')
  requireEqual(canonicalBin(manifest), expectedBin(manifest, packageJson), `${at}.bin`)
  requireEqual(canonicalScripts(manifest), expectedScripts(manifest, facts), `${at}.scripts`)
}

/** npm cleans versions: `v1.0.0` becomes `1.0.0`, and build metadata goes. */
function requireIdentity(manifest: Manifest, packageJson: Manifest, at: string): void {
  const name = packageJson['name']
  if (typeof name !== 'string' || name.trim() !== manifest['name']) {
    differ(`${at}.name`, manifest['name'], name)
  }
  const { version } = packageJson
  const cleaned = typeof version === 'string' ? semver.clean(version, { loose: true }) : null
  if (cleaned === null || cleaned !== semver.clean(String(manifest['version']), { loose: true })) {
    differ(`${at}.version`, manifest['version'], version)
  }
}

/**
 * npm, Yarn 1 and Bun list the files of `directories.bin` when there is no `bin`; such an entry is what its path says.
 */
function expectedBin(manifest: Manifest, packageJson: Manifest): Map<string, string> {
  const packed = canonicalBin(packageJson)
  const directories = packageJson['directories']
  if (packed.size > 0 || directories === null || typeof directories !== 'object') return packed
  const directory = 'bin' in directories && typeof directories.bin === 'string' ? insidePath(directories.bin) : ''
  if (directory === '') return packed
  const prefix = `${directory.replace(/\/$/, '')}/`
  const listed = [...canonicalBin(manifest)].filter(
    ([name, path]) => path.startsWith(prefix) && path.endsWith(`/${name}`),
  )
  return new Map(listed)
}

/** npm and Yarn add an install script for a `*.gyp` file and, the older ones, a start script for `server.js`. */
function expectedScripts(manifest: Manifest, facts: Facts): Map<string, string> {
  const scripts = canonicalScripts(facts.packageJson)
  const sent = canonicalScripts(manifest)
  const inferred: [name: string, script: string, allowed: boolean][] = [
    ['install', 'node-gyp rebuild', facts.hasGypFile],
    ['start', 'node server.js', facts.hasServerScript],
  ]
  for (const [name, script, allowed] of inferred) {
    if (allowed && !scripts.has(name) && sent.get(name) === script) scripts.set(name, script)
  }
  return scripts
}

function requireInside({ bin }: Manifest, field: string): void {
  const paths = typeof bin === 'object' && bin !== null ? Object.entries(bin).flat() : [bin]
  for (const path of paths) {
    if (typeof path !== 'string' || !path.split(/[\\/]/).includes('..')) continue
    const message = `${field} holds the path ${JSON.stringify(path)}; an executable must be inside the package.`
    throw new RegistryError('payload_invalid', message, { field })
  }
}

function requireEqual(sent: Map<string, string>, packed: Map<string, string>, field: string): void {
  for (const name of new Set([...sent.keys(), ...packed.keys()])) {
    if (sent.get(name) !== packed.get(name))
      differ(`${field}[${JSON.stringify(name)}]`, sent.get(name), packed.get(name))
  }
}

function differ(field: string, sent: unknown, packed: unknown): never {
  const [theirs, ours] = [sent, packed].map((value) => (value === undefined ? 'absent' : JSON.stringify(value)))
  const message = `${field} is ${theirs}, but ${ours} in the tarball's package.json; both must be the same.`
  throw new RegistryError('payload_invalid', message, { field })
}
