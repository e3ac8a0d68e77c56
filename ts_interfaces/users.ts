import { z } from 'zod'
import { id, page, pageQuery, time } from './common.ts'

// Patterns, formats and the least length of a password are told, and checked where users are kept: that says what to do.
const username = z.string().min(1).max(64).meta({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' })
const email = z.string().min(1).max(254).meta({ format: 'email' })
const displayName = z.string().min(1).max(100)
const password = z.string().min(1).max(1000)
const chosenPassword = password.meta({ minLength: 12, maxLength: 72, description: 'At most 72 bytes' })

/** A person. What is optional is told to the user itself and to platform admins. */
export const user = z
  .strictObject({
    id,
    username,
    displayName: z.string(),
    createdAt: time,
    email: z.string().optional(),
    isActive: z.boolean().optional(),
    isPlatformAdmin: z.boolean().optional(),
  })
  .meta({ id: 'User' })
export type User = z.output<typeof user>

export const userPage = page(user).meta({ id: 'UserPage' })

export const userQuery = pageQuery.extend({
  username: z.string().min(1).max(64).optional().meta({ description: 'The one user of this name' }),
})

export const newUser = z
  .strictObject({
    username,
    email,
    password: chosenPassword,
    displayName: displayName.optional(),
    isPlatformAdmin: z.boolean().optional(),
  })
  .meta({ id: 'NewUser' })
export type NewUser = z.output<typeof newUser>

/** What is absent stays. The two flags are for platform admins. */
export const userChanges = z
  .strictObject({
    email: email.optional(),
    displayName: displayName.optional(),
    isActive: z.boolean().optional(),
    isPlatformAdmin: z.boolean().optional(),
  })
  .meta({ id: 'UserChanges' })
export type UserChanges = z.output<typeof userChanges>

export const newPassword = z
  .strictObject({
    password: chosenPassword,
    currentPassword: password.optional().meta({ description: 'Needed for your own' }),
  })
  .meta({ id: 'NewPassword' })
export type NewPassword = z.output<typeof newPassword>
