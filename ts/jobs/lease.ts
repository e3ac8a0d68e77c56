import { hasCode } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as platformSchema from '../metadata/platform-schema.ts'

/**
 * Takes or renews an exclusive right for some seconds. False when somebody else holds it. It ends by itself, so a
 * dead holder blocks nobody for longer.
 */
export async function takeLease(
  engine: MetadataEngine,
  name: string,
  holder: string,
  seconds: number,
  now = Date.now(),
): Promise<boolean> {
  const leases = engine.collection(platformSchema.leases)
  const wanted = { holder, expiresAt: now + seconds * 1000 }
  const held = await leases.get(name)
  if (held && held.value.holder !== holder && held.value.expiresAt > now) return false
  try {
    if (held) await leases.update(name, held.revision, wanted)
    else await leases.insert(name, wanted)
    return true
  } catch (err) {
    if (hasCode(err, 'revision_stale', 'document_exists')) return false
    throw err
  }
}

/** Gives a right back before its time is over; does nothing when somebody else has it. */
export async function dropLease(engine: MetadataEngine, name: string, holder: string): Promise<void> {
  const leases = engine.collection(platformSchema.leases)
  const held = await leases.get(name)
  if (held?.value.holder !== holder) return
  await leases.delete(name, held.revision).catch((err: unknown) => {
    if (!hasCode(err, 'revision_stale')) throw err
  })
}
