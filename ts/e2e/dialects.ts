import type { Client } from '../testing/clients.ts'

/** Where a home's client goes, and as whom. */
export interface Registry {
  /** With a slash at the end. */
  readonly url: string
  /** Absent: anonymous. */
  readonly token?: string
}

/** How one package manager says what all of them can do. */
export interface Dialect {
  /** The files, below the home, that make the client use a registry. */
  settings(registry: Registry): Readonly<Record<string, string>>
  /** What a folder needs besides package.json before the client works in it. */
  readonly projectFiles: Readonly<Record<string, string>>
  /** The commands that publish the folder's package one after the other; absent where the client publishes none. */
  readonly publish?: readonly (readonly string[])[]
  readonly install: readonly string[]
  /** Installs what the lockfile says, or fails. */
  readonly installLocked: readonly string[]
  readonly lockfile: string
  /** Whether it asks with `If-None-Match` for what it knows; others ask anew, or not at all for a while. */
  readonly revalidates: boolean
  /** Whether it installs a package called `constructor`: npm 10 to 12 and pnpm 10 stumble over it before they ask. */
  readonly takesObjectKeys: boolean
  /** What it prints when its user has to do something. */
  readonly says: {
    readonly missing: RegExp
    readonly anonymous: RegExp
    readonly wrongToken: RegExp
    /** The second publish of a version. */
    readonly taken?: RegExp
  }
}

const missing = /There is no package "missing" here, or you may not read it/
/** npm 11 and 12 look before they publish. */
const taken = /1\.0\.0 is already published; versions never[\s│]+change|over the previously published versions: 1\.0\.0/

function npmrc({ url, token }: Registry, more = ''): Record<string, string> {
  const credentials = token === undefined ? '' : `${url.replace('http:', '')}:_authToken=${token}\n`
  return { '.npmrc': `registry=${url}\n${credentials}${more}` }
}

export const npmDialect: Dialect = {
  settings: (registry) => npmrc(registry),
  projectFiles: {},
  publish: [['publish']],
  install: ['install'],
  installLocked: ['ci'],
  lockfile: 'package-lock.json',
  revalidates: true,
  takesObjectKeys: false,
  says: {
    missing,
    anonymous: /notice Sign in first: this needs a token[\s\S]*E401[\s\S]*npm login/,
    wrongToken: /notice The token is mistyped or none of this server[\s\S]*E401[\s\S]*npm login/,
    taken,
  },
}

export const pnpmDialect: Dialect = {
  settings: (registry) => npmrc(registry),
  projectFiles: { 'pnpm-workspace.yaml': 'minimumReleaseAge: 0\n' },
  publish: [['publish', '--no-git-checks']],
  install: ['install'],
  installLocked: ['install', '--frozen-lockfile'],
  lockfile: 'pnpm-lock.yaml',
  revalidates: false,
  takesObjectKeys: false,
  says: {
    missing: /missing is not in the npm registry, or you have no permission to fetch/,
    anonymous: /401[\s\S]*No authorization header was set/,
    wrongToken: /401[\s\S]*An authorization header was used/,
    taken,
  },
}

export const yarn1Dialect: Dialect = {
  settings: (registry) => npmrc(registry, 'always-auth=true\n'),
  projectFiles: {},
  publish: [['publish', '--non-interactive', '--no-git-tag-version']],
  install: ['install', '--non-interactive'],
  installLocked: ['install', '--frozen-lockfile', '--non-interactive'],
  lockfile: 'yarn.lock',
  revalidates: false,
  takesObjectKeys: true,
  says: {
    missing,
    anonymous: /Sign in first: this needs a token/,
    wrongToken: /The token is mistyped or none of this server/,
    taken,
  },
}

export const yarn4Dialect: Dialect = {
  settings: ({ url, token }) => ({
    '.yarnrc.yml': [
      `npmRegistryServer: ${JSON.stringify(url)}`,
      ...(token === undefined ? [] : ['npmAlwaysAuth: true', `npmAuthToken: ${JSON.stringify(token)}`]),
      'unsafeHttpWhitelist: ["127.0.0.1"]',
      'npmMinimalAgeGate: 0',
      'nodeLinker: node-modules',
    ].join('\n'),
  }),
  projectFiles: { 'yarn.lock': '' },
  publish: [['install'], ['npm', 'publish']],
  install: ['install'],
  installLocked: ['install', '--immutable'],
  lockfile: 'yarn.lock',
  revalidates: true,
  takesObjectKeys: true,
  says: {
    missing: /missing@npm:1: Package not found/,
    anonymous: /Invalid authentication \(as an anonymous user\)/,
    wrongToken: /Invalid authentication \(as an unknown user\)/,
    taken,
  },
}

export const bunDialect: Dialect = {
  settings: ({ url, token }) => ({
    '.bunfig.toml': `[install]\nregistry = { url = ${JSON.stringify(url)}${token === undefined ? '' : `, token = ${JSON.stringify(token)}`} }\n`,
  }),
  projectFiles: {},
  publish: [['publish']],
  install: ['install'],
  installLocked: ['install', '--frozen-lockfile'],
  lockfile: 'bun.lock',
  revalidates: true,
  takesObjectKeys: true,
  says: { missing: /missing - 404/, anonymous: /app - 401/, wrongToken: /app - 401/, taken },
}

export const denoDialect: Dialect = {
  settings: (registry) => npmrc(registry),
  projectFiles: { 'deno.json': '{ "minimumDependencyAge": "0", "nodeModulesDir": "manual" }' },
  install: ['install'],
  installLocked: ['install', '--frozen'],
  lockfile: 'deno.lock',
  revalidates: false,
  takesObjectKeys: true,
  says: {
    missing: /npm package 'missing' does not exist/,
    anonymous: /Sign in first: this needs a token/,
    wrongToken: /The token is mistyped or none of this server/,
  },
}

/** The name of a suite, and whether it is skipped. */
export function suiteOf({ name, version, skip }: Client): [string, { skip: string | false }] {
  return [`${name} ${version}`, { skip: skip ?? false }]
}
