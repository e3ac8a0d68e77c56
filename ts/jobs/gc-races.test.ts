import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Digest } from '../blobs/store.ts'
import { until } from '../e2e/until.ts'
import { hasCode } from '../errors.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { blobRecords } from '../registry/blob-records.ts'
import { blobRemoval, type RemovalStep, removalSteps } from '../registry/garbage/remove-blob.ts'
import { type LinkStep, linkRemoval, linkSteps } from '../registry/garbage/remove-link.ts'
import { defaultGraceSeconds } from '../registry/grace.ts'
import { onBothEngines, type TestImages } from '../registry/images/testing.ts'
import { bytesOf } from '../testing/bytes.ts'
import { turn } from '../testing/garbage.ts'
import { aPublish } from '../testing/registry.ts'
import { garbageCollector } from './gc.ts'

/** The collector's clock: what was touched until a moment ago has had its grace period. */
const later = () => Date.now() + defaultGraceSeconds * 1000

/** Somebody who comes to need bytes that nothing referred to. */
interface Comer {
  readonly content: string
  /** False: what it did is a promise for the grace period alone. */
  readonly isLasting: boolean
  act(w: TestImages, content: string): Promise<unknown>
}

const comers: Record<string, Comer> = {
  'a publisher of a version': {
    content: 'bytes of a file',
    isLasting: true,
    async act(w, content) {
      const staged = await w.t.blobs.stage(bytesOf(content))
      const { digest, sizeBytes } = staged
      const files = [{ name: 'a.tgz', digest, sizeBytes, mediaType: 'application/octet-stream', staged }]
      await w.t.registry.publish(await aPublish(w.t, 'lib', '1.0.0', { files }))
    },
  },
  'an upload to an image': {
    content: 'bytes of a layer',
    isLasting: false,
    act: (w, content) => w.aBlob(w.app, content),
  },
  'a push of a manifest': {
    content: JSON.stringify({ text: 'equal', references: [], facts: {} }),
    isLasting: true,
    act: async (w) => w.images.manifests.put(await w.aPut(w.app, { text: 'equal' })),
  },
}

/** Stores bytes that nothing refers to, and waits until the collector's clock says that they are old. */
async function anOrphan({ t }: TestImages, content: string): Promise<Digest> {
  const staged = await t.blobs.stage(bytesOf(content))
  await blobRecords(t.engine, t.blobs).keep([{ digest: staged.digest, sizeBytes: staged.sizeBytes, staged }])
  await nextMoment()
  return staged.digest
}

async function nextMoment(): Promise<void> {
  const at = Date.now()
  await until('the clock goes on', () => Date.now() > at + 1)
}

/** What runs up to a step, waits there and goes on. */
function stoppedAt<S extends string>(last: S) {
  const reached = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const onStep = (step: S) => {
    if (step !== last) return
    reached.resolve()
    return goOn.promise
  }
  return { reached: reached.promise, goOn: goOn.resolve, onStep }
}

/** Runs the removal of the blob up to a step; resolves to what does the rest. */
async function beginRemoval({ t }: TestImages, digest: string, last: RemovalStep): Promise<() => Promise<boolean>> {
  const stop = stoppedAt(last)
  const remove = blobRemoval({ engine: t.engine, blobs: t.blobs, now: later, onStep: stop.onStep })
  const blob = await t.engine.collection(packageSchema.blobs).get(digest)
  assert.ok(blob)
  const removing = remove(blob, later() - defaultGraceSeconds * 1000)
  await stop.reached
  return () => {
    stop.goOn()
    return removing
  }
}

async function collectAll({ t }: TestImages, ahead = 0): Promise<void> {
  const now = () => later() + ahead
  await garbageCollector({ ...t, graceSeconds: defaultGraceSeconds, now }).collect(turn)
}

async function requireStored({ t }: TestImages, digest: Digest): Promise<void> {
  assert.equal((await t.engine.collection(packageSchema.blobs).get(digest))?.value.state, 'live')
  assert.ok(await t.blobs.stat(digest), 'the bytes are gone')
}

onBothEngines('a collector that is stopped while it removes a blob', (open) => {
  for (const step of removalSteps) {
    for (const [name, { content, isLasting, act }] of Object.entries(comers)) {
      test(`after "${step}", takes nothing from ${name}`, async () => {
        await using w = await open()
        const digest = await anOrphan(w, content)
        const goOn = await beginRemoval(w, digest, step)
        const acting = act(w, content)
        // Who meets a deletion waits for its end.
        await Promise.race([acting, delay(100)])
        await goOn()
        await acting
        await requireStored(w, digest)
        await nextMoment()
        await collectAll(w)
        if (isLasting) await requireStored(w, digest)
      })
    }

    test(`after "${step}", and never goes on, leaves it to the next`, async () => {
      await using w = await open()
      const digest = await anOrphan(w, 'nobody needs this')
      await beginRemoval(w, digest, step)
      await collectAll(w, 3 * 3_600_000)
      assert.equal(await w.t.blobs.stat(digest), undefined)
      assert.equal(await w.t.engine.collection(packageSchema.blobs).get(digest), undefined)
    })
  }
})

onBothEngines('a reference whose blob was touched long before it', (open) => {
  for (const step of ['looked', 'condemned'] as const) {
    test(`is found when it comes after "${step}"`, async () => {
      await using w = await open()
      const digest = await anOrphan(w, 'a slow publish')
      const goOn = await beginRemoval(w, digest, step)
      const file = { packageId: 'pkg_1', unitId: 'unt_1', name: 'a.tgz', digest, sizeBytes: 14 }
      await w.t.engine.collection(packageSchema.files).insert('unt_1.0', file)
      assert.equal(await goOn(), false)
      await requireStored(w, digest)
    })
  }
})

onBothEngines('a collector that is stopped while it removes a link', (open) => {
  async function beginLinkRemoval({ t }: TestImages, last: LinkStep) {
    await nextMoment()
    const stop = stoppedAt(last)
    const remove = linkRemoval({ engine: t.engine, now: later, onStep: stop.onStep })
    const [link] = (await t.engine.collection(imageSchema.blobLinks).find('byAge', {})).items
    assert.ok(link)
    const removing = remove(link)
    await stop.reached
    return () => {
      stop.goOn()
      return removing
    }
  }

  for (const step of linkSteps) {
    test(`after "${step}", leaves a client what it was told is there`, async () => {
      await using w = await open()
      const { digest, blob } = await w.aBlob(w.app)
      // Its last touch is older than a promise may rely on.
      const links = w.t.engine.collection(imageSchema.blobLinks)
      const [link] = (await links.find('byAge', {})).items
      assert.ok(link)
      await links.update(link.id, link.revision, { ...link.value, touchedAt: Date.now() - 7_200_000 })
      const goOn = await beginLinkRemoval(w, step)
      const told = await w.images.blobs.promise(w.app, digest)
      await goOn()
      assert.equal((await w.images.blobs.find(w.app, digest)) !== undefined, told !== undefined)
      if (told) await requireStored(w, blob)
    })

    test(`after "${step}", leaves an image what was mounted into it`, async () => {
      await using w = await open()
      const { digest, blob } = await w.aBlob(w.app)
      const goOn = await beginLinkRemoval(w, step)
      const other = { ...w.app, image: 'other' }
      const mounted = await w.images.blobs.mount(other, digest, { mayRead: async () => true })
      await goOn()
      assert.equal((await w.images.blobs.find(other, digest)) !== undefined, mounted !== undefined)
      if (mounted) await requireStored(w, blob)
    })

    test(`after "${step}", leaves a manifest what it names, or it is refused`, async () => {
      await using w = await open()
      const layer = await w.aBlob(w.app)
      const put = await w.aPut(w.app, { blobs: [layer] })
      const goOn = await beginLinkRemoval(w, step)
      const isPushed = await w.images.manifests.put(put).then(
        () => true,
        (err) => {
          assert.ok(hasCode(err, 'reference_unknown'), String(err))
          return false
        },
      )
      await goOn()
      assert.equal((await w.read(w.app, put.digest)) !== undefined, isPushed)
      await nextMoment()
      await collectAll(w)
      if (!isPushed) return
      assert.ok(await w.images.blobs.find(w.app, layer.digest), 'the link is gone')
      await requireStored(w, layer.blob)
    })

    test(`after "${step}", and the blob was deleted from its image, ends as well`, async () => {
      await using w = await open()
      const { digest } = await w.aBlob(w.app)
      const goOn = await beginLinkRemoval(w, step)
      await w.images.blobs.delete(w.app, digest)
      await goOn()
      assert.equal(await w.images.blobs.find(w.app, digest), undefined)
    })
  }
})
