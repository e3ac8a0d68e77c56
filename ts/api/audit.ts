import { type AuditEntry, type AuditQuery, auditPage, auditQuery } from '../../ts_interfaces/audit.ts'
import type { AuditExportFormat } from '../access/audit/export.ts'
import type { AuditFilter } from '../access/audit/query.ts'
import { RegistryError } from '../errors.ts'
import { preferredType } from '../http/accept.ts'
import type { Stored } from '../metadata/engine.ts'
import type { AuditEntryDocument } from '../metadata/schema.ts'
import { storePage, timeOf } from './page-of.ts'
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
          const { items, next } = await trail.query({ ...filter, ...storePage(query) })
          return { body: { items: items.map(entryBody), ...(next !== undefined && { next }) } }
        }
        if (query.cursor !== undefined) throw notPaged()
        const format = exports[type]
        return { stream: trail.export(format, filter), type, filename: `audit.${format}` }
      },
    ),
  ]

  async function filterOf({ actor, action, target, from, to }: AuditQuery): Promise<AuditFilter> {
    return {
      ...(actor !== undefined && { actor: (await access.users.findByUsername(actor))?.id ?? actor }),
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

function entryBody({ id, value }: Stored<AuditEntryDocument>): AuditEntry {
  const { at, action, outcome, count, address, userAgent, requestId, tokenId, details } = value
  return {
    id,
    at: timeOf(at),
    action,
    outcome,
    count,
    actor: {
      kind: value.actorKind,
      id: value.actorId,
      name: value.actorName,
      ...(tokenId !== undefined && { tokenId }),
    },
    target: { kind: value.targetKind, id: value.targetId, name: value.targetName },
    address,
    userAgent,
    requestId,
    ...(isObject(details) && { details }),
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
