import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './processes.ts'

const benchDir = fileURLToPath(new URL('.', import.meta.url))

/** Throws with what to do when wrk is not there: it is what keeps a server of this speed busy from one thread. */
export async function requireWrk(): Promise<void> {
  // wrk ends with 1 whenever it prints its version.
  const missing = await runCommand('wrk', ['--version'], { cwd: benchDir }).then(
    () => false,
    (err) => err.code === 'ENOENT',
  )
  if (missing) throw new Error('The benchmark needs wrk: apt-get install wrk, or brew install wrk.')
}

/** Installs Verdaccio into bench/node_modules unless the locked version is there. */
export async function installVerdaccio(report: (text: string) => void): Promise<void> {
  const locked = await versionIn('package-lock.json')
  if (locked !== undefined && locked === (await versionIn('node_modules/.package-lock.json'))) return
  report(`Installing Verdaccio ${locked} into bench/node_modules`)
  await runCommand('npm', ['ci', '--no-audit', '--no-fund'], { cwd: benchDir })
}

async function versionIn(lockfile: string): Promise<string | undefined> {
  const text = await readFile(join(benchDir, lockfile), 'utf8').catch(() => '{}')
  return JSON.parse(text).packages?.['node_modules/verdaccio']?.version
}
