import type { Contestant } from './contestants/contestant.ts'
import { storeInVerdaccio } from './contestants/verdaccio.ts'
import { type GeneratedPackage, generatePackage } from './packages.ts'
import { publishAll } from './publishing.ts'

/** Names of the packages that every contestant has. */
export const loaded = {
  hundred: 'hundred-versions',
  twoThousand: 'two-thousand-versions',
  smallFile: 'twenty-kilobytes',
  largeFile: 'twenty-megabytes',
} as const

const installCount = 300

/** What `npm ci` installs: one version each, about 20 KB. */
export function* packagesToInstall(): Generator<GeneratedPackage> {
  for (let i = 0; i < installCount; i++) yield generatePackage(`installed-${i}`, '1.0.0', 20_000)
}

function* versionsOf(name: string, count: number): Generator<GeneratedPackage> {
  for (let i = 0; i < count; i++) yield generatePackage(name, `1.${Math.floor(i / 100)}.${i % 100}`, 100)
}

function* files(): Generator<GeneratedPackage> {
  yield generatePackage(loaded.smallFile, '1.0.0', 20_000)
  yield generatePackage(loaded.largeFile, '1.0.0', 20_000_000)
}

/** Publishes all of them, as a client would. */
export async function loadStowage(stowage: Contestant): Promise<void> {
  await Promise.all([
    publishAll(stowage, versionsOf(loaded.twoThousand, 2_000)),
    publishAll(stowage, versionsOf(loaded.hundred, 100)),
    publishAll(stowage, files()),
    publishAll(stowage, packagesToInstall()),
  ])
}

/** The same packages in Verdaccio's storage, while it does not run. */
export async function loadVerdaccio(dir: string): Promise<void> {
  await storeInVerdaccio(dir, [...versionsOf(loaded.twoThousand, 2_000)])
  await storeInVerdaccio(dir, [...versionsOf(loaded.hundred, 100)])
  for (const each of files()) await storeInVerdaccio(dir, [each])
  for (const each of packagesToInstall()) await storeInVerdaccio(dir, [each])
}
