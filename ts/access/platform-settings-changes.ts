import { RegistryError } from '../errors.ts'
import type { Banner, BannerLevel } from '../metadata/sign-in-schema.ts'
import { checkLabel, checkUsername } from './names.ts'

export const bannerLevels: readonly BannerLevel[] = ['info', 'warning', 'critical']
export const maxLifetimeDays = 3650
export const maxReservedNames = 1000
export const maxBannerLength = 500

/** What may be changed of the settings; absent stays, `null` takes away. */
export interface SettingsChanges {
  readonly anonymousAccess?: boolean
  readonly signUp?: boolean
  readonly maxTokenLifetimeDays?: number | null
  readonly reservedNames?: readonly string[]
  readonly banner?: Banner | null
}

/** The changes as they are stored: names in lower case and in order. Throws `payload_invalid` with the field. */
export function checkSettings({ maxTokenLifetimeDays: days, reservedNames, banner, ...flags }: SettingsChanges) {
  if (days !== undefined && days !== null && !(Number.isInteger(days) && days >= 1 && days <= maxLifetimeDays)) {
    throw invalid('maxTokenLifetimeDays', `This is a whole number of days from 1 to ${maxLifetimeDays}, or nothing.`)
  }
  return {
    ...flags,
    ...(days !== undefined && { maxTokenLifetimeDays: days }),
    ...(reservedNames && { reservedNames: checkReservedNames(reservedNames) }),
    ...(banner !== undefined && { banner: banner && checkBanner(banner) }),
  } satisfies SettingsChanges
}

function checkReservedNames(names: readonly string[]): readonly string[] {
  if (names.length > maxReservedNames) {
    throw invalid('reservedNames', `At most ${maxReservedNames} names can be reserved.`)
  }
  return [...new Set(names.map(checkReservedName))].sort()
}

/** What can be the name of neither an organization nor a user need not be reserved. */
function checkReservedName(name: string): string {
  try {
    return checkUsername(name).toLowerCase()
  } catch {
    throw invalid('reservedNames', `"${name}" could be no name anyway: ${nameForm}`)
  }
}

const nameForm = 'names have 1 to 64 letters (a-z, A-Z), digits, ".", "_" and "-", and start with a letter or a digit.'

function checkBanner({ text, level }: Banner): Banner {
  if (bannerLevels.includes(level)) return { text: checkLabel('banner', text, maxBannerLength), level }
  throw invalid('banner', `The level of a banner is one of ${bannerLevels.join(', ')}.`)
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
