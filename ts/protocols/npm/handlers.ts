import { RegistryError } from '../../errors.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { account } from './account.ts'
import { requireDirectPublish } from './approval.ts'
import { editing } from './editing.ts'
import { membership } from './membership.ts'
import { enterFor, type NpmContext, packageNameOf } from './place.ts'
import { isPublish } from './publish-document.ts'
import { readPublish } from './publishing.ts'
import { reading } from './reading.ts'
import { receiveBody } from './receive.ts'
import { searching } from './searching.ts'
import { security } from './security.ts'
import { signIn } from './sign-in.ts'
import { generateSigningKey, type SigningKey, signingKey } from './signatures.ts'
import { stageUuid } from './stage-id.ts'
import { staging } from './staging.ts'
import { distTags } from './tags.ts'
import { teamAccess } from './team-access.ts'
import { visibility } from './visibility.ts'

/** Every handler of the table in npm.ts. */
export function npmHandlers(deps: ProtocolDeps) {
  const { registry } = deps
  const edit = editing(deps)
  let key: Promise<SigningKey> | undefined
  /** One key for the installation, made when it is first needed. */
  const loadKey = () => {
    key ??= deps.secretSetting('signing-npm', generateSigningKey).then(signingKey)
    key.catch(() => {
      key = undefined
    })
    return key
  }

  return {
    account: account(deps),
    editing: edit,
    membership: membership(deps),
    reading: reading(deps),
    search: searching(deps),
    security: security(deps, loadKey),
    signIn: signIn(deps),
    staging: staging(deps),
    tags: distTags(deps),
    teamAccess: teamAccess(deps),
    visibility: visibility(deps),

    hello: (c: NpmContext) => c.json({ name: 'stowage', protocol: 'npm' }),
    ping: (c: NpmContext) => c.json({}),

    /** A document with attachments publishes, one without edits. */
    async put(c: NpmContext) {
      const name = packageNameOf(c)
      const entered = await enterFor(c, deps, 'write', name)
      await using body = await receiveBody(c, deps, name)
      if (!isPublish(body)) return edit.update(c, body)
      requireDirectPublish(entered.repository)
      const request = await readPublish(c, deps, await loadKey(), entered, name, body)
      try {
        const { package: pkg } = await registry.publish(request)
        return c.json({ ok: true, success: true, id: name.name, rev: `${pkg.revision}-${pkg.id}` }, 201)
      } finally {
        for (const file of request.files) await file.staged?.discard()
      }
    },

    /** The same body as a publish; it waits for its approval. */
    async stage(c: NpmContext) {
      const name = packageNameOf(c)
      const entered = await enterFor(c, deps, 'write', name)
      await using body = await receiveBody(c, deps, name)
      const request = await readPublish(c, deps, await loadKey(), entered, name, body)
      try {
        const stage = await registry.stages.stage(request)
        return c.json({ ok: true, stageId: stageUuid(stage.id), id: name.name }, 201)
      } finally {
        for (const file of request.files) await file.staged?.discard()
      }
    },

    gone() {
      throw new RegistryError('not_supported', 'Listing all packages is not supported; search with "npm search".')
    },
    notSupported(c: NpmContext) {
      throw new RegistryError('not_supported', `${c.req.method} ${c.req.path} is not supported by this registry yet.`)
    },
    unknownEndpoint(c: NpmContext) {
      throw new RegistryError('route_unknown', `There is no endpoint ${c.req.method} ${c.req.path}.`)
    },
  }
}
