import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as signInSchema from '../metadata/sign-in-schema.ts'
import type { Sealer } from './secrets.ts'

/**
 * Secrets of the installation that every replica shares: sealed in the store, made by whoever asks first. Of two that
 * make one at once, both get the same.
 */
export function secretSettings(engine: MetadataEngine, sealer: Sealer) {
  const settings = engine.collection(signInSchema.settings)

  async function read(id: string): Promise<string | undefined> {
    const stored = await settings.get(id)
    if (!stored) return undefined
    const { value } = stored.value
    if (typeof value !== 'string') throw new RegistryError('internal', `The setting "${id}" is no sealed text.`)
    return sealer.unseal(value)
  }

  return async (id: string, make: () => string): Promise<string> => {
    const known = await read(id)
    if (known !== undefined) return known
    const made = make()
    try {
      await settings.insert(id, { value: sealer.seal(made) })
      return made
    } catch (err) {
      const other = hasCode(err, 'document_exists') ? await read(id) : undefined
      if (other === undefined) throw err
      return other
    }
  }
}
