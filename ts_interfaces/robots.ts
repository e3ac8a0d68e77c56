import { z } from 'zod'
import { id, page, time } from './common.ts'
import { teamRole } from './teams.ts'

const description = z.string().max(1000)

/** What acts for an organization, by tokens; it has what teams and direct permissions give it. */
export const robot = z
  .strictObject({
    id,
    organizationId: id,
    organization: z.string().meta({ description: "The organization's name" }),
    name: z.string(),
    description: z.string(),
    isActive: z.boolean().meta({ description: 'Nothing works that a disabled robot asks for' }),
    teams: z.array(z.strictObject({ id, role: teamRole })),
    createdAt: time,
  })
  .meta({ id: 'Robot' })
export type Robot = z.output<typeof robot>

export const robotPage = page(robot).meta({ id: 'RobotPage' })

export const newRobot = z
  .strictObject({
    name: z.string().min(1).max(64).meta({ description: 'Never changed; unique in the organization' }),
    description: description.optional(),
  })
  .meta({ id: 'NewRobot' })

/** What is absent stays. */
export const robotChanges = z
  .strictObject({ description: description.optional(), isActive: z.boolean().optional() })
  .meta({ id: 'RobotChanges' })
