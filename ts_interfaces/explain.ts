import { z } from 'zod'
import { action, id } from './common.ts'

const key = z.string().min(1).max(100)

export const explainQuery = z.strictObject({
  principal: key.meta({ description: "A user's name or id, a robot's id, or `anonymous`" }),
  action,
  repository: id,
  package: z.string().min(1).max(300).optional().meta({ description: 'Its owners then count, too' }),
  token: id
    .optional()
    .meta({ description: 'One of the principal, which narrows what it may do; from where is not looked at' }),
})

/** `rules`: all that allow it, or the one that refuses it. */
export const explanation = z
  .strictObject({
    principal: z.string(),
    action,
    repository: id,
    package: z.string().optional(),
    allowed: z.boolean(),
    rule: z.string(),
    rules: z.array(z.string()),
  })
  .meta({ id: 'Explanation' })
export type Explanation = z.output<typeof explanation>
