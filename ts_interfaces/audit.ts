import { z } from 'zod'
import { id, page, pageQuery, time } from './common.ts'

const name = z.string().min(1).max(300)
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'This is a time such as 2026-01-31T12:00:00Z, or a date.')
  .meta({ description: 'ISO 8601, a date alone being its midnight UTC' })

export const auditFormat = z.enum(['json', 'ndjson', 'csv'])

/** What to look for; what is absent narrows nothing. */
export const auditQuery = pageQuery.extend({
  actor: name.optional().meta({
    description:
      'Who did it: an id, a username, `command-line:` and a name, or a kind: `command-line`, `system`, `anonymous`',
  }),
  action: name.optional().meta({ description: 'What was done, such as `package.publish`' }),
  target: name.optional().meta({ description: 'The id of what it was done to' }),
  from: moment.optional(),
  to: moment.optional().meta({ description: 'Entries before then' }),
  format: auditFormat.optional().meta({
    description: 'Instead of `Accept`. `ndjson` and `csv` are not paged; without a filter NDJSON is the whole proof',
  }),
})
export type AuditQuery = z.output<typeof auditQuery>

const party = { kind: z.string(), id: z.string(), name: z.string() }

/** Somebody did something to something. */
export const auditEntry = z
  .strictObject({
    id: z.string().meta({ description: 'Its stream and its number there' }),
    at: time,
    action: z.string(),
    outcome: z.enum(['success', 'refused', 'failed']),
    count: z.int().meta({ description: 'How many equal refusals it stands for' }),
    actor: z.strictObject({ ...party, tokenId: id.optional() }),
    target: z.strictObject(party),
    address: z.string(),
    userAgent: z.string(),
    requestId: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.output<typeof auditEntry>

/** Newest first. A page may be shorter than its limit, even empty, and have a next. */
export const auditPage = page(auditEntry)
  .extend({
    unreadable: z
      .array(z.string())
      .optional()
      .meta({ description: 'Ids of entries that cannot be read, left out; `stowage audit verify` tells more' }),
  })
  .meta({ id: 'AuditPage' })
