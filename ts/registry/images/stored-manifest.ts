import { RegistryError } from '../../errors.ts'
import type { Json } from '../../metadata/engine.ts'
import { digestOf } from '../blob-records.ts'
import type { Unit } from '../store.ts'
import type { Manifest } from './images.ts'
import type { ManifestFacts } from './manifest-facts.ts'

/** The manifest that a unit is; see `unitFacts`. */
export function manifestOf(unit: Unit): Manifest {
  const { key: digest, files } = unit.value
  const own = files.find(({ name }) => name === digest)
  if (!own) throw new RegistryError('internal', `Unit ${unit.id} has no file of its own.`)
  const facts = factsOf(unit.value.metadata)
  const { digest: blob, sizeBytes, mediaType } = own
  return { unit, digest, blob: digestOf(blob), sizeBytes, mediaType, facts }
}

/** As `put` stored them. */
function factsOf(metadata: Json): ManifestFacts {
  // `unitFacts` has written it, and nobody else writes units of images.
  return metadata as unknown as ManifestFacts
}

/** What a manifest's unit keeps of it. */
export function unitFacts(facts: ManifestFacts): Json {
  return JSON.parse(JSON.stringify(facts))
}
