import type { StagedBlob } from '../../blobs/store.ts'
import { readBody } from '../../http/body.ts'
import type { Registry } from '../../registry/registry.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { tee } from './hand-off.ts'
import type { PackageName } from './names.ts'
import type { NpmContext } from './place.ts'
import { defaultPublishBodyLimits, type PublishBody, parsePublishBody } from './publish-body.ts'
import { attachmentKind } from './publish-document.ts'
import { inspectTarball } from './tarball.ts'
import { defaultTarballLimits, type TarballFacts } from './tarball-facts.ts'

/** A tarball that has arrived: its bytes staged and hashed, its contents looked at. */
export interface ReceivedTarball {
  readonly staged: StagedBlob
  readonly facts: TarballFacts
}

/** A PUT's body, and what of it is staged until it is kept or discarded. */
export interface ReceivedBody extends PublishBody<ReceivedTarball>, AsyncDisposable {}

/**
 * Takes in the body of a publish or an edit, the tarball straight to staging. Throws as `parsePublishBody`,
 * `readBody`, `inspectTarball` and the blob store do, and leaves nothing staged then. Disposing of the body discards
 * what was not committed.
 */
export async function receiveBody(
  c: NpmContext,
  { registry, limits }: ProtocolDeps,
  name: PackageName,
): Promise<ReceivedBody> {
  const staged: StagedBlob[] = []
  const discard = async () => {
    for (const blob of staged) await blob.discard()
  }
  try {
    const body = await parsePublishBody(readBody(c, limits, 'maxPublishBytes'), {
      limits: {
        ...defaultPublishBodyLimits,
        maxDocumentBytes: limits.maxDocumentBytes,
        maxAttachmentBytes: limits.maxPublishBytes,
      },
      isText: (attachment) => attachmentKind(name, attachment) === 'provenance',
      onAttachment: async (_attachment, bytes) => {
        const tarball = await receiveTarball(registry, bytes, limits.maxPublishBytes)
        staged.push(tarball.staged)
        return tarball
      },
    })
    return { ...body, [Symbol.asyncDispose]: discard }
  } catch (err) {
    await discard()
    throw err
  }
}

/** Stages and inspects in one pass; whichever fails ends the other. */
async function receiveTarball(
  registry: Registry,
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<ReceivedTarball> {
  const abort = new AbortController()
  const [toStage, toInspect] = tee(bytes, 2, abort.signal)
  if (!toStage || !toInspect) throw new Error('tee gave fewer branches than asked for')
  const staging = registry.blobs.stage(toStage, { hashes: ['sha1', 'sha512'], maxBytes, signal: abort.signal })
  const inspecting = inspectTarball(toInspect, { ...defaultTarballLimits, maxUnpackedBytes: maxBytes * 4 })
  try {
    const [staged, facts] = await Promise.all([staging, inspecting])
    return { staged, facts }
  } catch (err) {
    // The other one may be waiting for bytes that the failed one will never let through.
    abort.abort(err)
    await Promise.allSettled([inspecting, staging.then((staged) => staged.discard())])
    throw err
  }
}
