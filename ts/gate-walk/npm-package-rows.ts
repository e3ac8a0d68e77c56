import type { Need } from './model.ts'
import type { Mount, NpmLine } from './npm-line.ts'
import { anybody, aPackage, nothing } from './row.ts'
import { type NameKey, type Names, version } from './world.ts'

/** How a package's name is registered, and how it may be spelled in a path. */
interface Spelling {
  readonly pattern: string
  /** In place of `wombat` and its scope `main`. */
  readonly spelled: readonly ((names: Names) => string)[]
  readonly hides: readonly NameKey[]
}

const unscoped: Spelling = {
  pattern: ':name{(?:[^@/][^/]*|@[^/]+%2[fF][^/]+)}',
  spelled: [
    (names) => names.package,
    (names) => `@${names.organization}%2f${names.package}`,
    // Every other way to write one of the two.
    (names) => `@${names.organization}%2F${names.package}`,
    (names) => `%40${names.organization}%2f${names.package}`,
    (names) => `%40${names.organization}%2F${names.package}`,
    (names) => hex(names.package),
    (names) => hex(names.package).toUpperCase(),
    (names) => `@${hex(names.organization)}%2f${hex(names.package)}`,
  ],
  hides: ['organization', 'repository', 'package'],
}
const scoped: Spelling = {
  pattern: ':scope{@[^/%]+}/:name',
  spelled: [
    (names) => `@${names.organization}/${names.package}`,
    (names) => `@${names.organization}/${hex(names.package)}`,
  ],
  hides: ['organization', 'repository', 'package'],
}

/** `%77%6f…`: each letter as a client need not write it. */
function hex(text: string): string {
  return [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')
}

const tarball = (names: Names) => `${names.package}-${version}.tgz`
const attestation = '/-/npm/v1/attestations/'

interface PackageLine extends Omit<NpmLine, 'path' | 'needs'> {
  readonly needs: readonly Need[]
  /** In place of the parameters behind the name, in order. */
  readonly values?: readonly (string | ((names: Names) => string))[]
  /** Asked with every spelling of the name, not with one of each kind alone. */
  readonly isSpelled?: boolean
}

const read = [aPackage('read')]
const write = [aPackage('write')]
const remove = [aPackage('delete')]
const both = [aPackage('write'), aPackage('delete')]
const newTags = { next: '9.9.9' }

/** `NAME` is a package's; what would change one names a version, tag or user that is not there, or an old revision. */
const lines: readonly PackageLine[] = [
  { line: 'POST /-/stage/package/NAME', needs: write, done: '400 payload_invalid', body: {} },
  {
    line: 'POST /-/npm/v1/oidc/token/exchange/package/NAME',
    needs: nothing,
    done: '404 not_supported',
    body: {},
  },
  { line: 'GET /-/package/NAME/dist-tags', needs: read, done: '200' },
  { line: 'PUT /-/package/NAME/dist-tags', needs: write, done: '404 version_unknown', body: newTags },
  { line: 'POST /-/package/NAME/dist-tags', needs: write, done: '404 version_unknown', body: newTags },
  ...['PUT', 'POST'].map((method) => ({
    line: `${method} /-/package/NAME/dist-tags/:tag`,
    needs: write,
    done: '404 version_unknown',
    values: ['next'],
    body: '9.9.9',
  })),
  { line: 'DELETE /-/package/NAME/dist-tags/:tag', needs: write, done: '404 version_unknown', values: ['next'] },
  { line: 'GET /-/package/NAME/visibility', needs: read, done: '200' },
  { line: 'POST /-/package/NAME/access', needs: write, done: '404 not_supported', body: {} },
  { line: 'GET /-/package/NAME/access', needs: read, done: '200' },
  { line: 'PUT /-/package/NAME/owners', needs: remove, done: '400 payload_invalid', body: { user: 'nobody' } },
  { line: 'DELETE /-/package/NAME/owners/:user', needs: remove, done: '400 payload_invalid', values: ['nobody'] },
  { line: 'GET /-/package/NAME/collaborators', needs: read, done: '200' },

  { line: 'GET /NAME', needs: read, done: '200', isSpelled: true },
  { line: 'PUT /NAME', needs: write, done: '400 payload_invalid', body: {}, isSpelled: true },
  { line: 'PUT /NAME/-rev/:revision', needs: write, done: '409 revision_stale', values: ['1-pkg_old'], body: {} },
  {
    line: 'PUT /NAME/-rev/:revision',
    needs: both,
    done: '409 revision_stale',
    values: ['undefined'],
    body: { versions: {} },
  },
  {
    line: 'PUT /NAME/-rev/:revision',
    needs: both,
    done: '400 payload_invalid',
    values: ['undefined'],
    body: { maintainers: [{ name: 'nobody' }] },
  },
  { line: 'DELETE /NAME/-rev/:revision', needs: remove, done: '409 revision_stale', values: ['1-pkg_old'] },
  { line: 'GET /NAME/-/:file', needs: read, done: '200', values: [tarball], isSpelled: true },
  { line: 'GET /NAME/-/:file', needs: read, done: '206', values: [tarball], headers: { range: 'bytes=0-3' } },
  {
    line: 'GET /NAME/-/:file',
    needs: read,
    done: '416 range_invalid',
    values: [tarball],
    headers: { range: 'bytes=999999-' },
  },
  { line: 'GET /NAME/-/:file', needs: read, done: '404 file_unknown', values: ['none.tgz'] },
  { line: 'GET /NAME/-/:alias/:file', needs: read, done: '200', values: ['@main', tarball] },
  {
    line: 'GET /NAME/-/:alias/:file',
    needs: read,
    done: '206',
    values: ['@main', tarball],
    headers: { range: 'bytes=-4' },
  },
  { line: 'DELETE /NAME/-/:file/-rev/:revision', needs: remove, done: '200', values: ['none.tgz', 'undefined'] },
  {
    line: 'DELETE /NAME/-/:alias/:file/-rev/:revision',
    needs: remove,
    done: '200',
    values: ['@main', 'none.tgz', 'undefined'],
  },
  { line: 'GET /NAME/:version', needs: read, done: '200', values: [version], isSpelled: true },
  { line: 'GET /NAME/:version', needs: read, done: '200', values: ['beta'] },
]

/** The lines of packages at a mount, for each way that a name is registered. */
export function packageRows(mount: Mount): NpmLine[] {
  return [
    ...lines.flatMap((line) => [...inSpelling(mount, line, scoped), ...inSpelling(mount, line, unscoped)]),
    ...attestations,
    ...noPackage,
  ]
}

function inSpelling(
  mount: Mount,
  { line, values = [], isSpelled, ...rest }: PackageLine,
  spelling: Spelling,
): NpmLine[] {
  const [method = '', pattern = ''] = line.split(' ')
  const spelled = isSpelled ? spelling.spelled : spelling.spelled.slice(0, 2)
  // Below `/npm/`, two plain segments are an organization and a repository.
  const isTaken = mount.pattern === '/npm' && line === 'GET /NAME/:version' && values[0] === 'beta'
  return (isTaken && spelling === unscoped ? spelled.slice(1) : spelled).map((nameIn) => ({
    ...rest,
    ...(spelled.indexOf(nameIn) > 0 && { isSpelling: true }),
    line: `${method} ${pattern.replace('NAME', spelling.pattern)}`,
    hides: spelling.hides,
    path: (names) => filled(pattern, values, names).replace('NAME', nameIn(names)),
  }))
}

function filled(pattern: string, values: NonNullable<PackageLine['values']>, names: Names): string {
  const left = [...values]
  return pattern.replaceAll(/:\w+/g, () => {
    const value = left.shift() ?? ''
    return typeof value === 'string' ? value : value(names)
  })
}

const attestations: readonly NpmLine[] = [
  {
    line: `GET ${attestation}:spec`,
    needs: read,
    done: '404 file_unknown',
    path: (names) => `${attestation}${names.package}@${version}`,
    hides: unscoped.hides,
  },
  {
    line: `GET ${attestation}:spec`,
    needs: read,
    done: '404 file_unknown',
    path: (names) => `${attestation}@${names.organization}%2f${names.package}@${version}`,
    hides: unscoped.hides,
  },
  {
    line: `GET ${attestation}:scope{@[^/%]+}/:spec`,
    needs: read,
    done: '404 file_unknown',
    path: (names) => `${attestation}@${names.organization}/${names.package}@${version}`,
    hides: scoped.hides,
  },
]

/** What names no package, encoded twice or not, is no package for anybody: it tells nothing of any. */
const noPackage: readonly NpmLine[] = ['%2577ombat', 'wom%2fbat', '..%2fwombat', '%2e%2e%2fwombat', 'wombat%00'].map(
  (path) => ({ line: `GET /${unscoped.pattern}`, needs: anybody, done: '404 package_unknown', path: () => `/${path}` }),
)
