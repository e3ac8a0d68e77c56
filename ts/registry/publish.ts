import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import { maxDocumentBytes } from '../metadata/documents.ts'
import type { IntentDocument, PackageDocument, UnitDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import type { BlobRecords } from './blob-records.ts'
import { isUnit, mayInsert } from './fences.ts'
import { type Finish, repositoryDeleted } from './finish.ts'
import { requireTagsStay, tagsToKeep } from './immutable-tags.ts'
import { packageByName, unitByKey, unitBySequence } from './packages.ts'
import { checkPolicies, takenUnit } from './publish-policies.ts'
import { fileId, type OnStep, type PublishRequest } from './publish-request.ts'
import { completeRemoval, removalOf } from './removal.ts'
import type { Package, RegistryStore, Unit } from './store.ts'
import { existing, swapIn } from './swap.ts'

export interface Published {
  readonly package: Package
  readonly unit: Unit
}

export interface PublishDeps {
  readonly store: RegistryStore
  readonly blobRecords: BlobRecords
  readonly finish: Finish
  readonly onStep?: OnStep
}

/** What a publish does in the middle, where its protocol demands more. */
export interface PublishHooks {
  /**
   * Looks once more at what the unit needs, its references being there: who removes that sees them from now on. Throws
   * to take the publish back.
   */
  confirm(packageId: string): Promise<void>
  /** Runs beside what follows the commit; what it throws is thrown, and the unit stays. */
  committed(published: Published): Promise<void>
}

const maxAttempts = 5

/**
 * Publishes one unit: when it resolves, every reader on every replica sees it; when it throws, nobody ever does,
 * unless the process died after the unit was inserted: then the next publisher or the completion job finishes it.
 * Throws `version_exists` for a unit key that was ever used, also when two publishers race for it, and `access_denied` for
 * an immutable tag that others set, race or not; `document_too_large` for what no unit can hold; `repository_unknown`,
 * having left nothing, when the repository was deleted meanwhile. One that was stopped for so long that the completion
 * job took it back begins anew; `unavailable` when that happens again and again.
 */
export async function publish(deps: PublishDeps, request: PublishRequest, hooks?: PublishHooks): Promise<Published> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const published = await tryPublish(deps, request, hooks)
    if (published) return published
  }
  const what = `${request.packageName} ${request.version}`
  throw new RegistryError('unavailable', `The server was too slow to publish ${what}; publish it again.`, {
    retryAfterSeconds: 10,
  })
}

/** `undefined`: it was taken back. */
async function tryPublish(
  deps: PublishDeps,
  request: PublishRequest,
  hooks: PublishHooks | undefined,
): Promise<Published | undefined> {
  const { store, onStep = () => {} } = deps
  await checkPolicies(store, request)
  requireRoom(request)
  await onStep('policies')
  const [{ id: packageId }] = await Promise.all([
    findOrMakePackage(store, request),
    deps.blobRecords.keep(request.files),
  ])
  await onStep('blobs-kept')
  const unitId = newId('unt')
  try {
    const unit = await insertOrUndo(deps, packageId, unitId, request, hooks)
    if (!unit) return undefined
    await onStep('unit-inserted')
    const pkg = await swapIn(store, unit)
    await onStep('package-swapped')
    const published = { package: pkg, unit }
    const outcomes = await Promise.allSettled([
      deps.finish.publish(unit, pkg, onStep),
      ...(hooks ? [hooks.committed(published)] : []),
    ])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return published
  } catch (err) {
    if (!hasCode(err, 'package_unknown')) throw err
    await deps.finish.takeBack(packageId, unitId)
    throw repositoryDeleted()
  }
}

/** A record that counts no unit yet is nobody's package; racers for the name share it. */
async function findOrMakePackage(store: RegistryStore, request: PublishRequest): Promise<Package> {
  const { repository, packageName } = request
  const known = await packageByName(store, repository.id, packageName)
  if (known) return known
  try {
    return await store.packages.insert(newId('pkg'), newPackage(request))
  } catch (err) {
    if (!hasCode(err, 'document_exists')) throw err
    // It was there, and is again when the repository was not deleted in between.
    return findOrMakePackage(store, request)
  }
}

/** The record of a name before its first publish is counted. */
export function newPackage({ repository, packageName, nameKey, path }: PublishRequest): PackageDocument {
  const now = Date.now()
  return {
    repositoryId: repository.id,
    protocol: repository.value.protocol,
    name: packageName,
    nameKey,
    published: 0,
    tags: [],
    owners: [],
    marks: [],
    ...(path !== undefined && { path }),
    createdAt: now,
    updatedAt: now,
    facts: { version: '', description: '', keywords: [], authors: [] },
    recentChanges: [],
  }
}

/** The intent lets the completion job find what a crash left; the references keep the collector away. */
async function referenceFiles(store: RegistryStore, intent: IntentDocument, unitId: string, request: PublishRequest) {
  const { packageId } = intent
  const outcomes = await store.engine.batch([
    { kind: 'insert', in: packageSchema.intents, id: unitId, value: intent },
    ...request.files.map(({ name, digest, sizeBytes }, i) => ({
      kind: 'insert' as const,
      in: packageSchema.files,
      id: fileId(unitId, i),
      value: { packageId, unitId, name, digest, sizeBytes },
    })),
  ])
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

/** `undefined`: it was taken back. What throws because it must has left nothing. */
async function insertOrUndo(
  deps: PublishDeps,
  packageId: string,
  unitId: string,
  request: PublishRequest,
  hooks: PublishHooks | undefined,
): Promise<Unit | undefined> {
  const { store, finish, onStep = () => {} } = deps
  const intent = { packageId, unitId, startedAt: Date.now() }
  try {
    await referenceFiles(store, intent, unitId, request)
    await onStep('files-referenced')
    if (hooks) {
      await hooks.confirm(packageId)
      await onStep('confirmed')
    }
    const unit = await insertUnit(store, intent, unitId, request)
    if (!unit) await finish.forget(unitId)
    return unit
  } catch (err) {
    // The intent is there until all else is gone, so whatever is left now the completion job clears away.
    if (isRefusal(err)) await finish.forget(unitId).catch(() => {})
    throw err
  }
}

/** After a failure of the store itself nobody knows whether the unit is there: the completion job will. */
function isRefusal(err: unknown): boolean {
  return err instanceof RegistryError && !hasCode(err, 'internal', 'unavailable', 'storage_full')
}

/** `undefined`: a fence is in its place, or would have been in the time that has passed. */
async function insertUnit(
  store: RegistryStore,
  { packageId, startedAt }: IntentDocument,
  unitId: string,
  request: PublishRequest,
): Promise<Unit | undefined> {
  for (;;) {
    const pkg = await existing(store, packageId)
    // Of publishers that race for an immutable tag, those before this one are counted here with theirs.
    requireTagsStay(request, pkg.value)
    const removal = removalOf(pkg.value, request.unitKey)
    if (removal !== undefined) {
      await completeRemoval(store, packageId, removal)
      continue
    }
    const sequence = pkg.value.published + 1
    if (!mayInsert(startedAt)) return undefined
    try {
      const unit = await store.units.insert(unitId, unitDocument(packageId, sequence, request), { writeId: unitId })
      // Inserted by a try whose answer was lost, counted by another, and removed since.
      return isUnit(unit) ? unit : undefined
    } catch (err) {
      if (!hasCode(err, 'document_exists')) throw err
      if (err.details.conflict === 'id') return undefined
      await giveWay(store, packageId, sequence, request)
    }
  }
}

/** Completes whoever was first: at the same key it wins, at the same sequence it goes ahead. */
async function giveWay(store: RegistryStore, packageId: string, sequence: number, request: PublishRequest) {
  const sameKey = await unitByKey(store, packageId, request.unitKey)
  const first = sameKey ?? (await unitBySequence(store, packageId, sequence))
  if (!first) return
  const pkg = await swapIn(store, first)
  if (sameKey && removalOf(pkg.value, request.unitKey) === undefined) throw takenUnit(request, sameKey, pkg.value.marks)
}

/** Before anything is written: a refusal leaves nothing behind. */
function requireRoom(request: PublishRequest): void {
  const longestId = 'x'.repeat(64)
  const bytes = Buffer.byteLength(JSON.stringify(unitDocument(longestId, Number.MAX_SAFE_INTEGER, request)))
  if (bytes <= maxDocumentBytes) return
  const { packageName, version, files } = request
  throw new RegistryError(
    'document_too_large',
    `What ${packageName} ${version} says of itself and of its ${files.length} files takes ${bytes} bytes; at most ${maxDocumentBytes} can be kept. Publish it with fewer files, or shorter names and media types.`,
  )
}

/** What a publish of this inserts as its unit. */
export function unitDocument(packageId: string, sequence: number, request: PublishRequest): UnitDocument {
  return {
    packageId,
    key: request.unitKey,
    version: request.version,
    sequence,
    metadata: request.metadata,
    files: request.files.map(({ name, digest, sizeBytes, mediaType }) => ({ name, digest, sizeBytes, mediaType })),
    ...tagsToKeep(request),
    ...(request.subject !== undefined && { subject: request.subject }),
    publisherId: request.publisherId,
    publisherName: request.publisherName,
    requestId: request.requestId,
    createdAt: Date.now(),
  }
}
