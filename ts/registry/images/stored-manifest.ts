import { RegistryError } from '../../errors.ts'
import type { Json } from '../../metadata/engine.ts'
import type { UnitDocument } from '../../metadata/package-schema.ts'
import { digestOf } from '../blob-records.ts'
import type { Unit } from '../store.ts'
import type { DescribedManifest, Manifest } from './images.ts'
import type { KeptFacts, ManifestFacts } from './manifest-facts.ts'

const mostPlatforms = 100

/** The manifest that a unit is; see `unitFacts`. */
export function manifestOf(unit: Unit): Manifest {
  const { key: digest, files, sequence, createdAt: pushedAt } = unit.value
  const own = files.find(({ name }) => name === digest)
  if (!own) throw new RegistryError('internal', `Unit ${unit.id} has no file of its own.`)
  const { digest: blob, sizeBytes, mediaType } = own
  return { unitId: unit.id, sequence, pushedAt, digest, blob: digestOf(blob), sizeBytes, mediaType }
}

/** The same with what was kept of its facts. */
export function describedManifest(unit: Unit): DescribedManifest {
  return { ...manifestOf(unit), facts: keptFacts(unit.value) }
}

/** What `unitFacts` wrote into a manifest's unit. */
export function keptFacts({ metadata }: Pick<UnitDocument, 'metadata'>): KeptFacts {
  // Nobody else writes units of images, so what was checked then is not checked again.
  return metadata as unknown as KeptFacts
}

/** What a manifest's unit keeps of it. */
export function unitFacts({ references, ...facts }: ManifestFacts): Json {
  const platforms = new Set(references.flatMap(({ platform }) => platform ?? []))
  const kept: KeptFacts = {
    ...facts,
    ...(platforms.size > 0 && { platforms: [...platforms].slice(0, mostPlatforms) }),
  }
  return JSON.parse(JSON.stringify(kept))
}
