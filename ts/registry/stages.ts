import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Stored } from '../metadata/engine.ts'
import type { StageDocument } from '../metadata/package-schema.ts'
import type { BlobRecords } from './blob-records.ts'
import { repositoryDeleted } from './finish.ts'
import type { Published } from './publish.ts'
import { checkPolicies, reservedKey } from './publish-policies.ts'
import type { PublishRequest } from './publish-request.ts'
import type { RegistryStore, Repository } from './store.ts'
import type { Sweep } from './sweep-repository.ts'

export type Stage = Stored<StageDocument>

/** Publishes that wait for somebody's approval. A stage reserves its unit key and keeps its blobs. */
export interface Stages {
  /** Checks all that a publish checks, keeps the bytes and reserves the key. Throws as a publish. */
  stage(request: PublishRequest): Promise<Stage>
  /** Open stages of a repository, oldest first. */
  list(repositoryId: string, options: { after?: string; limit?: number }): Promise<{ items: Stage[]; next?: string }>
  /** An open stage of any repository; `undefined` when there is none. */
  find(id: string): Promise<Stage | undefined>
  /** Throws `stage_unknown` for one that is not open or is another repository's. */
  get(repositoryId: string, id: string): Promise<Stage>
  /** Publishes it as its stager. Throws `access_denied` when the repository demands somebody else than the stager. */
  approve(repository: Repository, id: string, approver: { id: string; requestId: string }): Promise<Published>
  /** Frees the key; the bytes go to the collector. */
  reject(repositoryId: string, id: string): Promise<void>
}

export interface StagesDeps {
  readonly store: RegistryStore
  readonly blobRecords: BlobRecords
  readonly sweep: Sweep
  readonly publish: (request: PublishRequest) => Promise<Published>
}

/** What is stored of the request: everything but the repository and the staged bytes, which are kept by then. */
type StoredRequest = Omit<PublishRequest, 'repository' | 'approvedStageId'>

export function stagedPublishes({ store, blobRecords, sweep, publish }: StagesDeps): Stages {
  async function find(id: string): Promise<Stage | undefined> {
    const stage = await store.stages.get(id)
    return stage?.value.state === 'staged' || stage?.value.state === 'approving' ? stage : undefined
  }

  async function get(repositoryId: string, id: string): Promise<Stage> {
    const stage = await find(id)
    if (stage?.value.repositoryId !== repositoryId) {
      throw new RegistryError('stage_unknown', `There is no open stage "${id}" here.`)
    }
    return stage
  }

  async function dropReferences(id: string) {
    const page = await store.files.find('byUnit', { equals: { unitId: id }, limit: 1000 })
    for (const reference of page.items) await store.files.delete(reference.id)
  }

  async function close(stage: Stage, state: 'approved' | 'rejected') {
    const { reservation: _, ...rest } = stage.value
    await move(stage, { ...rest, state })
    await dropReferences(stage.id)
  }

  async function move(stage: Stage, value: StageDocument): Promise<Stage> {
    try {
      return await store.stages.update(stage.id, stage.revision, value)
    } catch (err) {
      throw hasCode(err, 'revision_stale') ? answered(stage.id) : err
    }
  }

  return {
    find,
    get,

    async stage(request) {
      // The stage's own approval requirement is what staging fulfils, so the check must not refuse it for that.
      const id = newId('stg')
      await checkPolicies(store, { ...request, approvedStageId: id })
      await blobRecords.keep(request.files)
      await Promise.all(
        request.files.map(({ name, digest, sizeBytes }, i) =>
          store.files.insert(`${id}.${i}`, { packageId: id, unitId: id, name, digest, sizeBytes }),
        ),
      )
      const { repository, approvedStageId: _, ...stored } = request
      const files = stored.files.map(({ staged: _bytes, ...file }) => file)
      try {
        const stage = await store.stages.insert(id, {
          repositoryId: repository.id,
          packageName: request.packageName,
          unitKey: request.unitKey,
          reservation: request.unitKey,
          version: request.version,
          state: 'staged',
          publish: JSON.stringify({ ...stored, files } satisfies StoredRequest),
          publisherId: request.publisherId,
          publisherName: request.publisherName,
          createdAt: Date.now(),
        })
        if (!(await sweep.isGone(repository.id))) return stage
      } catch (err) {
        await dropReferences(id)
        throw hasCode(err, 'document_exists') ? reservedKey(request) : err
      }
      await dropReferences(id)
      await store.stages.delete(id)
      throw repositoryDeleted()
    },

    async list(repositoryId, { after, limit = 100 }) {
      const page = await store.stages.find('byRepository', {
        equals: { repositoryId, state: 'staged' },
        limit,
        ...(after === undefined ? {} : { after }),
      })
      return page.next === undefined ? { items: page.items } : { items: page.items, next: page.next }
    },

    async approve(repository, id, approver) {
      const stage = await get(repository.id, id)
      if (repository.value.requiresApproval && stage.value.publisherId === approver.id) {
        throw new RegistryError(
          'access_denied',
          `Repository "${repository.value.name}" wants a stage approved by somebody else than the person who staged it.`,
        )
      }
      // From here on it cannot be rejected: of an approval and a rejection at once, one is told that it came too late.
      const claimed = await move(stage, { ...stage.value, state: 'approving' })
      const request: StoredRequest = JSON.parse(stage.value.publish)
      try {
        const published = await publish({ ...request, repository, approvedStageId: id, requestId: approver.requestId })
        await close(claimed, 'approved')
        return published
      } catch (err) {
        // An earlier approval may have published it and died before it could say so.
        if (hasCode(err, 'version_exists')) await close(claimed, 'approved').catch(() => {})
        else await move(claimed, { ...claimed.value, state: 'staged' }).catch(() => {})
        throw err
      }
    },

    async reject(repositoryId, id) {
      const stage = await get(repositoryId, id)
      if (stage.value.state !== 'staged') throw answered(id)
      await close(stage, 'rejected')
    },
  }
}

function answered(id: string): RegistryError {
  return new RegistryError('stage_unknown', `The stage "${id}" was approved or rejected meanwhile.`)
}
