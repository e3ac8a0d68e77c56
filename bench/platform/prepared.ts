import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contestant } from '../contestants/contestant.ts'
import { startStowage } from '../contestants/stowage.ts'
import { runCommand } from '../processes.ts'
import { amount } from '../results.ts'
import type { Setting } from '../setting.ts'
import type { SeededPlatform } from './seeded.ts'

/** Raised when the seeding writes something else: what an earlier one left is then made anew. A newer schema is the server's to reach. */
const form = '1'
const cacheDir = fileURLToPath(new URL('../.cache', import.meta.url))
const program = fileURLToPath(new URL('../seed.ts', import.meta.url))

/** A data folder with a whole installation in it, and the token of its administrator. */
export interface PreparedPlatform {
  /** Such as `1,000 packages`. */
  readonly name: string
  readonly dataDir: string
  readonly token: string
  readonly platform: SeededPlatform
}

/**
 * An installation of so many packages, kept below `bench/.cache` for the next run: rows that publish leave theirs in it.
 * A seeding that was interrupted begins anew.
 */
export async function preparedPlatform(setting: Setting, packages: number): Promise<PreparedPlatform> {
  const folder = join(cacheDir, `platform-${packages}`)
  const recordPath = join(folder, 'seeded.json')
  const name = `${amount(packages)} packages`
  const known = existsSync(recordPath) ? JSON.parse(await readFile(recordPath, 'utf8')) : undefined
  if (known?.form === form) return { ...known.prepared, name }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const prepared = { dataDir: join(folder, 'data'), ...(await seed(setting, folder, packages)) }
  await writeFile(recordPath, JSON.stringify({ form, prepared }), { mode: 0o600 })
  return { ...prepared, name }
}

async function seed(setting: Setting, folder: string, packages: number) {
  const { dataDir, token } = await setting.freshStowageData()
  await cp(dataDir, join(folder, 'data'), { recursive: true })
  setting.report(`Seeding ${amount(packages)} packages`)
  const began = performance.now()
  const output = join(folder, 'platform.json')
  await runCommand(process.execPath, [program, join(folder, 'data'), String(packages), output], {
    cwd: '/',
    showsErrors: true,
  })
  setting.report(`Seeded in ${amount((performance.now() - began) / 1000)} s`)
  const platform: SeededPlatform = JSON.parse(await readFile(output, 'utf8'))
  return { token, platform }
}

/** Starts a server on each; the caller stops them. */
export async function startAll(sides: readonly PreparedPlatform[]): Promise<Contestant[]> {
  const servers: Contestant[] = []
  for (const { dataDir, token, name } of sides) servers.push(await startStowage({ dataDir, token, name }))
  return servers
}

/** How many packages the rows compare. */
export function packageCounts({ quick }: Pick<Setting, 'quick'>): { few: number; many: number } {
  return { few: 1_000, many: quick ? 20_000 : 1_000_000 }
}
