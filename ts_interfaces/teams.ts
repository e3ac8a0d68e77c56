import { z } from 'zod'
import { id, page, pageQuery, time, visibility } from './common.ts'

const description = z.string().max(1000)

export const team = z
  .strictObject({
    id,
    organizationId: id,
    organization: z.string().meta({ description: "The organization's name" }),
    name: z.string(),
    description: z.string(),
    createdAt: time,
  })
  .meta({ id: 'Team' })
export type Team = z.output<typeof team>

export const teamPage = page(team).meta({ id: 'TeamPage' })

/** A team by its name; there is one or none. */
export const teamQuery = pageQuery.extend({
  organization: z.string().min(1).max(100).meta({ description: "An organization's id or name" }),
  name: z.string().min(1).max(64),
})

export const newTeam = z
  .strictObject({
    name: z.string().min(1).max(64).meta({ description: 'Never changed; unique in the organization' }),
    description: description.optional(),
  })
  .meta({ id: 'NewTeam' })

/** What is absent stays. */
export const teamChanges = z.strictObject({ description: description.optional() }).meta({ id: 'TeamChanges' })

export const teamRole = z
  .enum(['maintainer', 'member'])
  .meta({ description: 'Members read and write the repositories of the team, maintainers delete there, too' })

/** A user or robot in a team. */
export const teamMember = z
  .strictObject({
    memberId: id,
    kind: z.enum(['user', 'robot']),
    name: z.string().meta({ description: "A username, or a robot's name" }),
    role: teamRole,
  })
  .meta({ id: 'TeamMember' })
export type TeamMember = z.output<typeof teamMember>

export const teamMemberPage = page(teamMember).meta({ id: 'TeamMemberPage' })

export const newTeamMember = z
  .strictObject({
    member: z.string().min(1).max(100).meta({ description: "A user's id or username, or a robot's id" }),
    role: teamRole,
  })
  .meta({ id: 'NewTeamMember' })

export const teamMemberChanges = z.strictObject({ role: teamRole }).meta({ id: 'TeamMemberChanges' })

/** A repository that a team works on. */
export const teamRepository = z
  .strictObject({ id, protocol: z.string(), organizationId: id, name: z.string(), visibility })
  .meta({ id: 'TeamRepository' })
export type TeamRepository = z.output<typeof teamRepository>

export const teamRepositoryPage = page(teamRepository).meta({ id: 'TeamRepositoryPage' })
