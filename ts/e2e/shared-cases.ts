import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ClientRegistry } from '../testing/client-registry.ts'
import { type Client, type ClientHome, openClientHome } from '../testing/clients.ts'
import type { LoggedRequest } from '../testing/server-process.ts'
import type { Dialect } from './dialects.ts'

/** A home whose client uses a registry: as the administrator, at the root, unless said otherwise. */
export async function openHome(
  client: Client,
  dialect: Dialect,
  registry: ClientRegistry,
  { at = '', token = registry.token }: { at?: string; token?: string } = {},
): Promise<ClientHome> {
  const home = await openClientHome(client)
  const settings = dialect.settings({ url: registry.url + at, ...(token && { token }) })
  for (const [file, content] of Object.entries(settings)) await home.write(file, content)
  return home
}

/** Says which program a test runs. */
export function tell(t: TestContext, { name, version }: Client): void {
  t.diagnostic(`${name} ${version}`)
}

export interface PackageJson {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** A folder with a package to publish; `index.js` exports what `ClientRegistry.publish` would. */
export async function packageFolder(
  home: ClientHome,
  dialect: Dialect,
  packageJson: PackageJson,
  files: Readonly<Record<string, string | object>> = {},
): Promise<string> {
  const { name, version } = packageJson
  const folder = `sources/${name}/${version}`
  const exported = { 'index.js': `module.exports = '${name} ${version}'\n` }
  const described = { 'package.json': { description: 'a package', license: 'MIT', ...packageJson } }
  return home.folder(folder, { ...dialect.projectFiles, ...exported, ...described, ...files })
}

/** A folder that depends on these. */
export async function projectFolder(
  home: ClientHome,
  dialect: Dialect,
  dependencies: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const packageJson = { name: 'project', version: '1.0.0', private: true, license: 'MIT', dependencies }
  return home.folder('project', { ...dialect.projectFiles, 'package.json': packageJson, ...files })
}

/** Publishes a folder's package with the client. */
export async function publishWith(home: ClientHome, dialect: Dialect, folder: string): Promise<void> {
  for (const args of dialect.publish ?? []) await home.ok(folder, args)
}

/** What is installed at a name: the text that its `index.js` exports. */
export async function installed(project: string, name: string): Promise<string> {
  const text = await readFile(join(project, 'node_modules', name, 'index.js'), 'utf8')
  return /'(.*)'/.exec(text)?.[1] ?? text
}

/** Status and file of each tarball that was asked for, sorted. */
export function tarballsIn(requests: readonly LoggedRequest[]): string[] {
  const tarballs = requests.filter(({ url, method }) => method === 'GET' && url.endsWith('.tgz'))
  return tarballs.map(({ url, status }) => `${status} ${url.split('/').at(-1)}`).sort()
}

/** Registers what holds for every client; `registryOf` is asked when a test runs. */
export function sharedCases(client: Client, dialect: Dialect, registryOf: () => ClientRegistry): void {
  const own = (name: string) => `${name}-by-${client.name}-${client.version.split('.')[0]}`

  /** Publishes with the client, or without where it cannot. */
  async function publish(registry: ClientRegistry, packageJson: PackageJson, at = '') {
    const { name, version } = packageJson
    if (!dialect.publish) return registry.publish(name, version, { packageJson: { ...packageJson }, at })
    await using home = await openHome(client, dialect, registry, { at })
    await publishWith(home, dialect, await packageFolder(home, dialect, packageJson))
  }

  test('what is published at the root, in a scope and at an address installs from a lockfile elsewhere', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const [lib, app, tool] = [own('lib'), `@acme/${own('app')}`, `@acme/${own('tool')}`]
    await publish(registry, { name: lib, version: '1.0.0' })
    await publish(registry, { name: app, version: '1.2.0', dependencies: { [lib]: '^1.0.0' } })
    await publish(registry, { name: tool, version: '3.0.0' }, 'npm/acme/npm/')
    const dependencies = { [app]: '^1.0.0', [tool]: '3' }
    await using home = await openHome(client, dialect, registry)
    const project = await projectFolder(home, dialect, dependencies)
    await home.ok(project, dialect.install)
    assert.equal(await installed(project, app), `${app} 1.2.0`)

    const lockfile = await readFile(join(project, dialect.lockfile), 'utf8')
    await using elsewhere = await openHome(client, dialect, registry)
    const same = await projectFolder(elsewhere, dialect, dependencies, { [dialect.lockfile]: lockfile })
    await registry.publish(lib, '1.9.0')
    const requests = await registry.requestsOf(() => elsewhere.ok(same, dialect.installLocked))
    assert.equal(await installed(same, app), `${app} 1.2.0`)
    assert.deepEqual(tarballsIn(requests), [
      `200 ${own('app')}-1.2.0.tgz`,
      `200 ${own('lib')}-1.0.0.tgz`,
      `200 ${own('tool')}-3.0.0.tgz`,
    ])
    assert.equal(await readFile(join(same, dialect.lockfile), 'utf8'), lockfile)
  })

  test('with a warm cache nothing is downloaded twice', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const name = own('warm')
    await registry.publish(name, '1.0.0')
    await using home = await openHome(client, dialect, registry)
    const project = await projectFolder(home, dialect, { [name]: '1' })
    await home.ok(project, dialect.install)
    await Promise.all([rm(join(project, 'node_modules'), { recursive: true }), rm(join(project, dialect.lockfile))])
    await projectFolder(home, dialect, { [name]: '1' })
    const requests = await registry.requestsOf(() => home.ok(project, dialect.install))
    assert.equal(await installed(project, name), `${name} 1.0.0`)
    assert.deepEqual(tarballsIn(requests), [])
    const packuments = requests.filter(({ url }) => url === `/${name}`)
    if (dialect.revalidates) assert.deepEqual(packuments, [{ ...packuments[0], method: 'GET', status: 304 }])
  })

  test('a new version is seen at once, whatever is cached', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const name = own('fresh')
    await registry.publish(name, '1.0.0')
    await using home = await openHome(client, dialect, registry)
    await home.ok(await projectFolder(home, dialect, { [name]: '^1.0.0' }), dialect.install)
    await registry.publish(name, '1.1.0')
    const project = await projectFolder(home, dialect, { [name]: '^1.1.0' })
    await home.ok(project, dialect.install)
    assert.equal(await installed(project, name), `${name} 1.1.0`)
  })

  test('a package that is missing is told by its name', async (t) => {
    tell(t, client)
    await using home = await openHome(client, dialect, registryOf())
    assert.match(
      await home.fails(await projectFolder(home, dialect, { missing: '1' }), dialect.install),
      dialect.says.missing,
    )
  })

  test('without a token the client says that one is needed, with a wrong one that it is wrong', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const cases = [
      ['', dialect.says.anonymous],
      ['srg_wrong', dialect.says.wrongToken],
    ] as const
    for (const [token, says] of cases) {
      await using home = await openHome(client, dialect, registry, { token })
      assert.match(await home.fails(await projectFolder(home, dialect, { app: '1' }), dialect.install), says)
    }
  })

  test('a public repository installs without a token', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const name = own('open')
    await registry.publish(name, '1.0.0', { at: 'npm/main/open/' })
    await using home = await openHome(client, dialect, registry, { at: 'npm/main/open/', token: '' })
    const project = await projectFolder(home, dialect, { [name]: '1.0.0' })
    await home.ok(project, dialect.install)
    assert.equal(await installed(project, name), `${name} 1.0.0`)
  })

  if (dialect.takesObjectKeys) {
    test('a package called constructor installs like any other', async (t) => {
      tell(t, client)
      const registry = registryOf()
      await registry.publish('constructor', '1.0.0')
      await using home = await openHome(client, dialect, registry)
      const project = await projectFolder(home, dialect, { constructor: '1' })
      await home.ok(project, dialect.install)
      assert.equal(await installed(project, 'constructor'), 'constructor 1.0.0')
    })
  }

  const { publish: commands, says } = dialect
  if (!commands || !says.taken) return
  const { taken } = says

  test('a version that is there cannot be published again, and the client says so', async (t) => {
    tell(t, client)
    const registry = registryOf()
    const name = own('taken')
    await registry.publish(name, '1.0.0')
    await using home = await openHome(client, dialect, registry)
    const folder = await packageFolder(home, dialect, { name, version: '1.0.0' })
    const publishing = commands.at(-1) ?? []
    for (const args of commands.slice(0, -1)) await home.ok(folder, args)
    assert.match(await home.fails(folder, publishing), taken)
  })
}
