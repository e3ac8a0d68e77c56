import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type PlatformSettingsDocument, platformSettings as settingsSpec } from '../metadata/sign-in-schema.ts'
import { changedMeanwhile } from './change.ts'
import { confusableKey } from './names.ts'
import { checkSettings, type SettingsChanges } from './platform-settings-changes.ts'
import type { WarmRecords } from './warm-records.ts'

const documentId = 'platform'
const maxAttempts = 20

/** What platform admins decide for everybody. */
export interface PlatformSettings {
  /** False: the configuration has anonymous access off, whatever the settings say. */
  readonly mayOpen: boolean
  /** As they are in the store; the defaults, revision 0, while nothing was ever changed. */
  read(): Promise<Stored<PlatformSettingsDocument>>
  /**
   * What holds for requests: at most 5 s old, at once in the process that changed it, and without a read while nothing
   * was committed. Anonymous access is on when the setting and the configuration both say so.
   */
  inForce(): Promise<PlatformSettingsDocument>
  /**
   * Throws `payload_invalid` with the field; `precondition_failed` when the revision is given (0: never changed) and
   * is another.
   */
  change(changes: SettingsChanges, revision?: number): Promise<Stored<PlatformSettingsDocument>>
  /** Throws `payload_invalid` for the field when a setting reserves the name, or one that looks like it. */
  refuseReserved(field: 'name' | 'username', name: string): Promise<void>
}

export interface PlatformSettingsDeps {
  readonly engine: MetadataEngine
  readonly records: Pick<WarmRecords, 'platformSettings'>
  /** Of the configuration: whoever runs the server can close it, and nobody who signs in opens it again. */
  readonly anonymousAccess: boolean
}

const defaults: PlatformSettingsDocument = { anonymousAccess: true, signUp: false, reservedNames: [] }

/** The settings in the collection of that name. */
export function platformSettings({ engine, records, anonymousAccess }: PlatformSettingsDeps): PlatformSettings {
  const settings = engine.collection(settingsSpec)

  async function read(): Promise<Stored<PlatformSettingsDocument>> {
    return (await settings.get(documentId)) ?? { id: documentId, revision: 0, value: defaults }
  }

  async function change(changes: SettingsChanges, revision?: number): Promise<Stored<PlatformSettingsDocument>> {
    const checked = checkSettings(changes)
    for (let attempt = 1; ; attempt++) {
      const current = await read()
      if (revision !== undefined && current.revision !== revision) throw changedMeanwhile()
      const value = changed(current.value, checked)
      try {
        if (current.revision === 0) return await settings.insert(documentId, value)
        return await settings.update(documentId, current.revision, value)
      } catch (err) {
        if (attempt === maxAttempts || !hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  return {
    mayOpen: anonymousAccess,
    read,
    change,

    async inForce() {
      const value = (await records.platformSettings())?.value ?? defaults
      return anonymousAccess ? value : { ...value, anonymousAccess }
    },

    async refuseReserved(field, name) {
      const { reservedNames } = (await read()).value
      const key = lookOf(name)
      if (!reservedNames.some((reserved) => lookOf(reserved) === key)) return
      const message = `The name "${name}" is reserved on this server, or looks like one that is. Choose another.`
      throw new RegistryError('payload_invalid', message, { field })
    },
  }
}

function lookOf(name: string): string {
  return confusableKey(name.toLowerCase())
}

function changed(
  { maxTokenLifetimeDays: days, banner: sign, ...kept }: PlatformSettingsDocument,
  { maxTokenLifetimeDays = days ?? null, banner = sign ?? null, ...changes }: SettingsChanges,
): PlatformSettingsDocument {
  return {
    ...kept,
    ...changes,
    ...(maxTokenLifetimeDays !== null && { maxTokenLifetimeDays }),
    ...(banner !== null && { banner }),
  }
}
