import { z } from 'zod'
import { id, page, time } from './common.ts'

export const organizationRole = z.enum(['owner', 'admin', 'member'])

export const member = z
  .strictObject({
    userId: id,
    username: z.string(),
    displayName: z.string(),
    role: organizationRole,
    createdAt: time,
  })
  .meta({ id: 'Member' })
export type Member = z.output<typeof member>

export const memberPage = page(member).meta({ id: 'MemberPage' })

export const newMember = z
  .strictObject({
    user: z.string().min(1).max(100).meta({ description: "A user's id or username" }),
    role: organizationRole,
  })
  .meta({ id: 'NewMember' })
export type NewMember = z.output<typeof newMember>

export const memberChanges = z.strictObject({ role: organizationRole }).meta({ id: 'MemberChanges' })
