import { type AuditQuery, auditPage, auditQuery } from '../../ts_interfaces/audit.ts'
import type { AuditExportFormat } from '../access/audit/export.ts'
import type { AuditFilter } from '../access/audit/query.ts'
import { RegistryError } from '../errors.ts'
import { preferredType } from '../http/accept.ts'
import { shownEntry } from './audit-entry.ts'
import { storePage } from './page-of.ts'
import { permissionsOf } from './permissions.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'

const exports = { 'application/x-ndjson': 'ndjson', 'text/csv': 'csv' } as const satisfies Record<
  string,
  AuditExportFormat
>
type ExportType = keyof typeof exports
const exportTypes = Object.keys(exports) as ExportType[]

/** The audit trail, as pages and as a whole. */
export function auditRoutes({ access, trail }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /audit',
      may.platform('read'),
      {
        summary: 'Who did what, newest first; as NDJSON or CSV all of it, oldest first',
        query: auditQuery,
        answer: auditPage,
        streamedTypes: exportTypes,
      },
      async ({ query, c }) => {
        const filter = await filterOf(query)
        const type = exportTypeOf(query, c)
        if (!type) {
          const { items, next, unreadable } = await trail.query({ ...filter, ...storePage(query) })
          const rest = {
            ...(next !== undefined && { next }),
            ...(unreadable.length > 0 && { unreadable: [...unreadable] }),
          }
          return { body: { items: items.map(shownEntry), ...rest } }
        }
        if (query.cursor !== undefined) throw notPaged()
        const format = exports[type]
        return { stream: trail.export(format, filter), type, filename: `audit.${format}` }
      },
    ),
  ]

  async function filterOf({ actor, action, target, from, to }: AuditQuery): Promise<AuditFilter> {
    return {
      ...(actor !== undefined && (await trail.whoIs(actor))),
      ...(action !== undefined && { action }),
      ...(target !== undefined && { target }),
      ...(from !== undefined && { from: Date.parse(from) }),
      ...(to !== undefined && { to: Date.parse(to) }),
    }
  }
}

/** `undefined` for JSON. */
function exportTypeOf({ format }: AuditQuery, c: ApiContext): ExportType | undefined {
  if (format !== undefined) return exportTypes.find((type) => exports[type] === format)
  const preferred = preferredType(c.req.header('accept'), ['application/json', ...exportTypes])
  return exportTypes.find((type) => type === preferred)
}

function notPaged(): RegistryError {
  const message = 'NDJSON and CSV hold everything that matches, so there is no page to go on from.'
  return new RegistryError('payload_invalid', message, { field: 'cursor' })
}
