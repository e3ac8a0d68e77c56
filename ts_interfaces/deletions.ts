import { z } from 'zod'
import { id, page, pageQuery, time } from './common.ts'

const kind = z.enum(['organization', 'repository'])

/** What is to be deleted, named once more. */
export const deletionRequest = z
  .strictObject({ name: z.string().min(1).max(64).meta({ description: 'Its name, so that nothing goes by mistake' }) })
  .meta({ id: 'DeletionRequest' })

/** It is unknown to everybody from now on; what it held is removed by a job. */
export const deletion = z.strictObject({ id, kind, name: z.string(), startedAt: time }).meta({ id: 'Deletion' })
export type Deletion = z.output<typeof deletion>

/** A name that nobody gets until it is freed. */
export const deletedName = z
  .strictObject({
    id: id.meta({ description: 'Of what was deleted' }),
    kind,
    name: z.string(),
    protocol: z.string().optional(),
    organizationId: id.optional(),
    state: z.enum(['deleting', 'deleted']).meta({ description: 'While it is being deleted the name cannot be freed' }),
    deletedAt: time.meta({ description: 'When the deletion ended; while it runs, when it began' }),
  })
  .meta({ id: 'DeletedName' })
export type DeletedName = z.output<typeof deletedName>

export const deletedNamePage = page(deletedName).meta({ id: 'DeletedNamePage' })

export const deletedNameQuery = pageQuery.extend({ kind: kind.default('organization') })
