import type { AuditTrail } from '../access/audit/audit-trail.ts'
import type { AuditDetails } from '../access/audit/details.ts'
import type { AuditActor, NewAuditEntry } from '../access/audit/entries.ts'
import { attested, witness } from '../access/audit/witness.ts'
import { isRobotId } from '../access/principal.ts'
import type { ChangeStamp } from '../metadata/package-schema.ts'
import type { Stage, Stages } from './stages.ts'
import type { Package } from './store.ts'

/** A committed change of a package, as its own record tells it. */
export interface PackageChange extends Omit<ChangeStamp, 'id'> {
  /** After the change. */
  readonly package: Package
  /** Of a publish. */
  readonly version?: string
  readonly actorName?: string
  /** True: its process died, and the completion job tells of it. */
  readonly isCompletion?: boolean
}

/** Bytes of a package that somebody fetched. */
export interface PackageDownload {
  readonly package: Package
  readonly version: string
}

/** What the registry tells the audit trail; each resolves when the entry is durable. */
export interface RegistryAudit {
  /** The change may be told again, after a crash; the entry is written once. */
  change(change: PackageChange): Promise<void>
  stage(verb: 'create' | 'approve' | 'reject', stage: Stage): Promise<void>
  download(download: PackageDownload): Promise<void>
}

/** No completion job tells of a change that is younger: see `completeUnfinished`. */
const surelyOwnMs = 10_000

/**
 * Entries of packages. Who did it is what the witness saw, if the change is of the request that is served; else what
 * the change's own record says: its actor and request id, without an address.
 *
 * A change whose process died before its entry was written is told by the completion job, and one whose process died
 * after it would be told twice. So whoever comes late, the job or a process that was stopped for long, looks for the
 * entry first: it has the time and the request id of the change. Two that look at once may both write; the entries have
 * one request id then.
 */
export function registryAudit({ record, query }: Pick<AuditTrail, 'record' | 'query'>, now = Date.now): RegistryAudit {
  async function isRecorded({ action, target, at = 0, requestId }: NewAuditEntry): Promise<boolean> {
    const { items } = await query({ target: target.id, action, from: at, to: at + 1, limit: 1000 })
    return items.some(({ value }) => value.requestId === requestId)
  }

  return {
    async change(change) {
      const entry = entryOf(change)
      const isLate = change.isCompletion || now() - change.at > surelyOwnMs
      if (!(isLate && (await isRecorded(entry)))) await record(entry)
    },

    stage: (verb, { id, value }) =>
      record(
        attested({
          action: `stage.${verb}`,
          target: { kind: 'stage', id, name: `${value.packageName}@${value.version}` },
          details: { ...placeOf(value.repositoryId), publisher: value.publisherName },
        }),
      ),

    download: ({ package: pkg, version }) =>
      record(
        attested({ action: 'package.download', target: targetOf(pkg), details: { ...packagePlace(pkg), version } }),
      ),
  }
}

/** The stages, which tell of what is done with them. */
export function auditedStages(stages: Stages, audit: RegistryAudit): Stages {
  return {
    ...stages,
    async stage(request) {
      const made = await stages.stage(request)
      await audit.stage('create', made)
      return made
    },
    async approve(repository, id, approver) {
      const stage = await stages.get(repository.id, id)
      const published = await stages.approve(repository, id, approver)
      await audit.stage('approve', stage)
      return published
    },
    async reject(repositoryId, id) {
      const stage = await stages.get(repositoryId, id)
      await stages.reject(repositoryId, id)
      await audit.stage('reject', stage)
    },
  }
}

function entryOf(change: PackageChange): NewAuditEntry {
  const { kind, package: pkg, at, requestId } = change
  const happening = {
    action: `package.${kind === 'delete-package' ? 'delete' : kind}`,
    target: targetOf(pkg),
    at,
    details: detailsOf(change),
  }
  if (!change.isCompletion && witness()?.requestId === requestId) return attested(happening)
  return { ...happening, outcome: 'success', actor: actorOf(change), requestId, address: '', userAgent: '' }
}

function targetOf({ id, value }: Package) {
  return { kind: 'package', id, name: value.name }
}

function detailsOf({ kind, package: pkg, unitKeys, version, actor, tag, isCompletion }: PackageChange): AuditDetails {
  const { tags, owners, status } = pkg.value
  const isOthers = witness()?.actor.id !== actor
  return {
    ...packagePlace(pkg),
    ...(unitKeys.length > 0 && { units: unitKeys }),
    ...(version !== undefined && { version }),
    // Pairs, not an object: a tag may have any name, also one that secrets go by.
    ...(kind === 'tag' && (tag ? { tag: tag.name, digest: tag.digest ?? '' } : { tags })),
    ...(kind === 'owner' && { owners }),
    ...(kind === 'status' && { status: status?.kind ?? 'active' }),
    ...(kind === 'publish' && isOthers && !isCompletion && { publisher: actor }),
    ...(isCompletion && { completed: true }),
  }
}

function packagePlace({ value: { repositoryId, protocol } }: Package): { [key: string]: string } {
  return { protocol, ...placeOf(repositoryId) }
}

function placeOf(repositoryId: string): { [key: string]: string } {
  const place = witness()?.place?.()
  return { repositoryId, ...(place?.id === repositoryId && { repository: place.name }) }
}

function actorOf({ actor: id, actorName: name = id }: PackageChange): AuditActor {
  if (isRobotId(id)) return { kind: 'robot', id, name }
  return { kind: id.startsWith('usr_') ? 'user' : 'system', id, name }
}
