import { z } from 'zod'

const banner = z
  .strictObject({
    text: z.string().min(1).max(500).meta({ description: 'One line' }),
    level: z.enum(['info', 'warning', 'critical']),
  })
  .meta({ id: 'Banner' })

const maxTokenLifetimeDays = z
  .int()
  .min(1)
  .max(3650)
  .nullable()
  .meta({ description: 'Also ends tokens that are older now, and those that never expire; null: no maximum' })

/** What platform admins decide for everybody. */
export const platformSettings = z
  .strictObject({
    anonymousAccess: z.boolean().meta({ description: 'Whether who is not signed in reads what is public' }),
    anonymousAccessInForce: z
      .boolean()
      .meta({ description: 'False also where the configuration has it off (ANONYMOUS_ACCESS)' }),
    signUp: z.boolean().meta({ description: 'Whether who is not signed in may make an account' }),
    maxTokenLifetimeDays,
    reservedNames: z.array(z.string()).meta({ description: 'No organization and no user is made with them' }),
    banner: banner.nullable().meta({ description: "Shown on the server's pages" }),
  })
  .meta({ id: 'PlatformSettings' })
export type PlatformSettings = z.output<typeof platformSettings>

/** What is absent stays, null takes away. */
export const platformSettingsChanges = z
  .strictObject({
    anonymousAccess: z.boolean().optional(),
    signUp: z.boolean().optional(),
    maxTokenLifetimeDays: maxTokenLifetimeDays.optional(),
    reservedNames: z.array(z.string().min(1).max(64)).max(1000).optional(),
    banner: banner.nullable().optional(),
  })
  .meta({ id: 'PlatformSettingsChanges' })
export type PlatformSettingsChanges = z.output<typeof platformSettingsChanges>
