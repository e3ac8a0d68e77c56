import { z } from 'zod'

/** What went wrong: problem details (RFC 9457), sent as `application/problem+json`. */
export const problem = z
  .strictObject({
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'What went wrong, for programs' }),
    detail: z.string().meta({ description: 'What went wrong, for people' }),
    errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
    id: z.string().optional().meta({ description: 'What is there already' }),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.output<typeof problem>
