import { z } from 'zod'
import { id, page, slug, time, visibility } from './common.ts'

const displayName = z.string().min(1).max(100)

export const organization = z
  .strictObject({
    id,
    name: z.string(),
    displayName: z.string(),
    visibility,
    membersCreateRepositories: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'Organization' })
export type Organization = z.output<typeof organization>

export const organizationPage = page(organization).meta({ id: 'OrganizationPage' })

export const newOrganization = z
  .strictObject({
    name: slug.meta({ description: 'Never changed: the npm scope, the first segment of paths' }),
    displayName: displayName.optional(),
    visibility: visibility.optional().meta({ description: 'The most that its repositories can show; public' }),
    owner: z.string().max(100).optional().meta({ description: "A user's id or username; you" }),
  })
  .meta({ id: 'NewOrganization' })
export type NewOrganization = z.output<typeof newOrganization>

/** What is absent stays. */
export const organizationChanges = z
  .strictObject({
    displayName: displayName.optional(),
    visibility: visibility.optional(),
    membersCreateRepositories: z.boolean().optional(),
  })
  .meta({ id: 'OrganizationChanges' })
export type OrganizationChanges = z.output<typeof organizationChanges>
