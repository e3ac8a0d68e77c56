import { actorOf } from '../../access/principal.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import { sendBlob } from '../../http/send-blob.ts'
import { digestOf } from '../../registry/blob-records.ts'
import type { PublishRequest } from '../../registry/publish-request.ts'
import type { Stage } from '../../registry/stages.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { type NpmContext, requireSignedIn } from './place.ts'
import { stageIdOf, stageUuid } from './stage-id.ts'

/** No package is called like this. */
const nobodysPackage = '-'

/**
 * `npm stage` (npm 12, Yarn 4): a publish that waits for approval. Stages are of one repository: that of the address,
 * else the default repository of the platform's default organization and of the user's scopes.
 */
export function staging(deps: ProtocolDeps) {
  const { access, registry } = deps

  /** The repository of a stage, after the gate allowed the action on its package. */
  async function enter(c: NpmContext, action: 'read' | 'write' | 'delete', packageName: string | undefined) {
    requireSignedIn(c)
    const { organization, repository } = c.var.address
    const scope = packageName?.startsWith('@') ? packageName.slice(1).split('/')[0] : undefined
    const address = {
      protocol: 'npm',
      organization: organization ?? scope ?? access.defaultOrganization,
      ...(repository === undefined ? {} : { repository }),
    }
    return access.enter(c.var.principal, action, address, packageName)
  }

  /**
   * An open stage of the repository that the path leads to. One that may not be read, or is of another repository, is
   * answered as one that never was, after the same look-ups: `delete` asks what `write` asks, and makes no repository.
   */
  async function find(c: NpmContext, action: 'read' | 'write') {
    requireSignedIn(c)
    const uuid = c.req.param('stage') ?? ''
    const id = stageIdOf(uuid)
    const stage = id === undefined ? undefined : await registry.stages.find(id)
    const name = stage?.value.packageName ?? nobodysPackage
    try {
      const { repository } = await enter(c, stage || action === 'read' ? action : 'delete', name)
      if (stage?.value.repositoryId === repository.id) return { stage, repository }
    } catch (err) {
      if (!hasCode(err, 'repository_unknown', 'access_denied')) throw err
      const mayRead = err.code === 'access_denied' && stage && (await enter(c, 'read', name)).repository
      if (mayRead && stage.value.repositoryId === mayRead.id) throw err
    }
    throw unknown(uuid)
  }

  return {
    async list(c: NpmContext) {
      const named = c.req.query('package')
      const perPage = Math.min(100, Math.max(1, Number(c.req.query('perPage')) || 20))
      const page = Math.max(0, Number(c.req.query('page')) || 0)
      const { repository } = await enter(c, 'read', named)
      const all: Stage[] = []
      let after: string | undefined
      do {
        const found = await registry.stages.list(repository.id, after === undefined ? {} : { after })
        all.push(...found.items.filter((stage) => named === undefined || stage.value.packageName === named))
        after = found.next
      } while (after !== undefined)
      return c.json({ items: all.slice(page * perPage, (page + 1) * perPage).map(printStage), total: all.length })
    },

    async show(c: NpmContext) {
      return c.json(printStage((await find(c, 'read')).stage))
    },

    async tarball(c: NpmContext) {
      const { stage } = await find(c, 'read')
      const file = requestOf(stage).files[0]
      if (!file) throw unknown(stageUuid(stage.id))
      return sendBlob(c, {
        blobs: registry.blobs,
        digest: digestOf(file.digest),
        sizeBytes: file.sizeBytes,
        contentType: 'application/octet-stream',
        etag: `"${file.digest}"`,
      })
    },

    /** Approving publishes, so it asks for the right to. */
    async approve(c: NpmContext) {
      const { stage, repository } = await find(c, 'write')
      const approver = { id: actorOf(requireSignedIn(c)).id, requestId: c.var.requestId }
      const { unit } = await registry.stages.approve(repository, stage.id, approver)
      return c.json(
        { ok: true, id: `${stage.value.packageName}@${unit.value.version}`, stageId: stageUuid(stage.id) },
        201,
      )
    },

    async reject(c: NpmContext) {
      const { stage, repository } = await find(c, 'write')
      await registry.stages.reject(repository.id, stage.id)
      return c.json({ ok: true, stageId: stageUuid(stage.id) })
    },
  }
}

/** A stage as `npm stage list` and `view` print it. */
export function printStage({ id, value }: Stage) {
  const request = requestOf({ id, value, revision: 1 })
  const { dist } = request.metadata as { dist: { shasum: string; integrity: string } }
  return {
    id: stageUuid(id),
    packageName: value.packageName,
    version: value.version,
    tag: request.tags[0] ?? 'latest',
    createdAt: new Date(value.createdAt).toISOString(),
    actor: value.publisherName,
    actorType: 'user',
    shasum: dist.shasum,
    integrity: dist.integrity,
    status: value.state,
  }
}

function requestOf(stage: Stage): Pick<PublishRequest, 'tags' | 'files' | 'metadata'> {
  return JSON.parse(stage.value.publish)
}

function unknown(id: string): RegistryError {
  return new RegistryError('stage_unknown', `There is no open stage "${id}" here, or you may not see it.`)
}
