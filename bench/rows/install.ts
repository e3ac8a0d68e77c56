import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contestant } from '../contestants/contestant.ts'
import { packagesToInstall } from '../loaded.ts'
import { distOf } from '../packages.ts'
import { runCommand } from '../processes.ts'
import { alternate, type Turn } from '../rounds.ts'
import type { Row } from './row.ts'

/** What a build server does first: everything anew, nothing remembered. */
export const installRow: Row = {
  id: 'npm-ci',
  title: 'npm ci of 300 packages, empty client cache',
  async run(setting) {
    const { stowage, twoWorkers, verdaccio } = await setting.field()
    const turns = [stowage, twoWorkers, verdaccio].map((each) => installTurn(each, join(setting.dir, 'project')))
    const figures = await alternate(setting.rounds, turns)
    return [{ table: 'Installing', title: 'npm ci of 300 packages, empty client cache', unit: 's', figures }]
  },
}

function installTurn(contestant: Contestant, dir: string): Turn {
  return {
    contestant: contestant.name,
    async measure() {
      await rm(dir, { recursive: true, force: true })
      await writeProject(contestant, dir)
      const start = performance.now()
      await runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: dir,
        env: { HOME: dir, npm_config_cache: join(dir, 'cache'), npm_config_update_notifier: 'false' },
      })
      return { value: (performance.now() - start) / 1000 }
    },
  }
}

/** A project whose lockfile names the tarballs as this registry's packuments do. */
async function writeProject({ registry, headers }: Contestant, dir: string): Promise<void> {
  const dependencies: Record<string, string> = {}
  const locked: Record<string, object> = {}
  for (const { name, version, tarball } of packagesToInstall()) {
    dependencies[name] = version
    const resolved = `${registry}/${name}/-/${name}-${version}.tgz`
    locked[`node_modules/${name}`] = { version, resolved, integrity: distOf(tarball).integrity }
  }
  const root = { name: 'project', version: '1.0.0', dependencies }
  const lock = { ...root, lockfileVersion: 3, requires: true, packages: { '': root, ...locked } }
  const token = headers['authorization']?.replace('Bearer ', '')
  const address = registry.replace(/^http:/, '')
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'package.json'), JSON.stringify({ ...root, private: true }))
  await writeFile(join(dir, 'package-lock.json'), JSON.stringify(lock))
  await writeFile(join(dir, '.npmrc'), `registry=${registry}/\n${token ? `${address}/:_authToken=${token}\n` : ''}`)
}
