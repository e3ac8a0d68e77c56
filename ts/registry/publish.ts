import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { IntentDocument, PackageDocument, UnitDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import type { BlobRecords } from './blob-records.ts'
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

/**
 * Publishes one unit: when it resolves, every reader on every replica sees it; when it throws, nobody ever does,
 * unless the process died after the unit was inserted: then the next publisher or the completion job finishes it.
 * Throws `version_exists` for a unit key that was ever used, also when two publishers race for it, and `access_denied` for
 * an immutable tag that others set, race or not; `repository_unknown`, having left nothing, when the repository was
 * deleted meanwhile.
 */
export async function publish(deps: PublishDeps, request: PublishRequest, hooks?: PublishHooks): Promise<Published> {
  const { store, onStep = () => {} } = deps
  await checkPolicies(store, request)
  await onStep('policies')
  const [{ id: packageId }] = await Promise.all([
    findOrMakePackage(store, request),
    deps.blobRecords.keep(request.files),
  ])
  await onStep('blobs-kept')
  const unitId = newId('unt')
  try {
    await referenceFiles(store, packageId, unitId, request)
    await onStep('files-referenced')
    const unit = await insertOrUndo(deps, packageId, unitId, request, hooks)
    await onStep('unit-inserted')
    const pkg = await swapIn(store, unit)
    if (!stands(pkg, unit)) throw await withdrawn(deps, unit)
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
async function referenceFiles(store: RegistryStore, packageId: string, unitId: string, request: PublishRequest) {
  const intent: IntentDocument = { packageId, unitId, startedAt: Date.now() }
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

/**
 * Where units are removed without a trace, a sequence that was read long ago may be free again, and is not to be taken: the
 * record has counted the unit that had it. Nor has the record this one if it was removed as soon as somebody counted it.
 */
function stands({ value: pkg }: Package, { value: unit }: Unit): boolean {
  return !pkg.recentChanges.some(({ sequences }) => sequences?.includes(unit.sequence))
}

async function withdrawn({ store, finish }: PublishDeps, unit: Unit): Promise<RegistryError> {
  await store.units.delete(unit.id)
  await finish.forget(unit.id)
  return new RegistryError(
    'revision_stale',
    `${unit.value.version} was deleted while it was published; publish it again.`,
  )
}

async function insertOrUndo(
  deps: PublishDeps,
  packageId: string,
  unitId: string,
  request: PublishRequest,
  hooks: PublishHooks | undefined,
) {
  if (hooks) {
    try {
      await hooks.confirm(packageId)
    } catch (err) {
      await deps.finish.forget(unitId)
      throw err
    }
    await deps.onStep?.('confirmed')
  }
  try {
    return await insertUnit(deps.store, packageId, unitId, request)
  } catch (err) {
    // After a failure of the store itself nobody knows whether the unit is there: the completion job will.
    if (hasCode(err, 'version_exists', 'access_denied')) await deps.finish.forget(unitId)
    throw err
  }
}

async function insertUnit(
  store: RegistryStore,
  packageId: string,
  unitId: string,
  request: PublishRequest,
): Promise<Unit> {
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
    try {
      return await store.units.insert(unitId, unitDocument(packageId, sequence, request), { writeId: unitId })
    } catch (err) {
      if (!hasCode(err, 'document_exists')) throw err
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
