import { RegistryError } from '../../errors.ts'
import { isObject } from './json-values.ts'

const maxPackages = 50_000

/** Which versions of which packages a client asks advisories for. A Map: a package may be called `constructor`. */
export type AuditedVersions = Map<string, string[]>

/** Reads the body of `/-/npm/v1/security/advisories/bulk`, `{name: [version]}`; else `payload_invalid`. */
export function parseBulkRequest(body: unknown): AuditedVersions {
  if (!isObject(body)) refuse('The body must be a JSON object of package names and lists of versions.')
  const audited: AuditedVersions = new Map()
  for (const [name, versions] of Object.entries(body)) {
    const field = `[${JSON.stringify(name)}]`
    if (!Array.isArray(versions) || !versions.every((version) => typeof version === 'string')) {
      refuse(`The versions of ${JSON.stringify(name)} must be a list of strings.`, field)
    }
    audited.set(name, versions)
  }
  if (audited.size > maxPackages)
    refuse(`The body names ${audited.size} packages; ask for at most ${maxPackages} at once.`)
  return audited
}

/** The answer to a bulk request: no source of advisories is configured, so none is known of any package. */
export function bulkAnswer(): Record<string, never> {
  return {}
}

export interface QuickReport {
  actions: never[]
  advisories: Record<string, never>
  muted: never[]
  metadata: {
    vulnerabilities: { info: 0; low: 0; moderate: 0; high: 0; critical: 0 }
    dependencies: number
    devDependencies: number
    optionalDependencies: number
    totalDependencies: number
  }
}

/**
 * The answer to `/-/npm/v1/security/audits` and `audits/quick`, for npm up to 10, pnpm up to 10 and Yarn: the report that
 * finds nothing, with the packages counted that the body's tree of `dependencies` holds. `payload_invalid` for what is
 * no object.
 */
export function quickReport(body: unknown): QuickReport {
  if (!isObject(body)) refuse('The body must be a JSON object with the tree of dependencies.')
  const counted = { dependencies: 0, devDependencies: 0, optionalDependencies: 0 }
  // No recursion: a tree may be as deep as the body is allowed to be.
  const open: unknown[] = [body]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const dependency of dependenciesOf(node)) {
      counted[kindOf(dependency)]++
      open.push(dependency)
    }
  }
  const totalDependencies = counted.dependencies + counted.devDependencies + counted.optionalDependencies
  const vulnerabilities = { info: 0, low: 0, moderate: 0, high: 0, critical: 0 } as const
  return { actions: [], advisories: {}, muted: [], metadata: { vulnerabilities, ...counted, totalDependencies } }
}

function dependenciesOf(node: unknown): unknown[] {
  const dependencies = isObject(node) ? node['dependencies'] : undefined
  return isObject(dependencies) ? Object.values(dependencies) : []
}

function kindOf(dependency: unknown): 'dependencies' | 'devDependencies' | 'optionalDependencies' {
  if (!isObject(dependency)) return 'dependencies'
  if (dependency['dev'] === true) return 'devDependencies'
  return dependency['optional'] === true ? 'optionalDependencies' : 'dependencies'
}

function refuse(message: string, field?: string): never {
  throw new RegistryError('payload_invalid', message, field === undefined ? {} : { field })
}
