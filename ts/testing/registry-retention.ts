import assert from 'node:assert/strict'
import type { RetentionRule } from '../metadata/access-schema.ts'
import type { Images } from '../registry/images/images.ts'
import { imageRetention, type RetentionRunOptions } from '../registry/images/retention.ts'
import type { TestImages } from '../registry/images/testing.ts'
import { openRegistryStore } from '../registry/store.ts'
import { openTestImages } from './registry-images.ts'

export const dayMs = 86_400_000
const author = { actor: 'retention', requestId: 'req_1' }
const describeNothing = () => ({ description: '', keywords: [], authors: [] })

/** Images whose repository has this rule, and its retention; `around` changes what it sees of them. */
export async function openTestRetention(
  open: () => Promise<TestImages>,
  rule: RetentionRule,
  around: (images: Images) => Images = (images) => images,
) {
  const { t } = await open()
  const images = await openTestImages(t, { retention: rule, retentionSince: Date.now() })
  const store = openRegistryStore(t.engine, describeNothing, () => false)
  const retention = imageRetention({ store, packages: t.registry.packages, images: around(t.registry.images) })

  /** What a dry run tells: tags, and manifests by their digests. */
  async function told(limit = 100): Promise<string[]> {
    return (await findings(limit)).map(({ tag, digest }) => tag ?? digest)
  }

  async function findings(limit = 100) {
    const found = []
    for (let after: string | undefined; ; ) {
      const page = await retention.preview(await images.current(), rule, { limit, after })
      assert.ok(page.items.length <= limit)
      found.push(...page.items)
      after = page.next
      if (after === undefined) return found
    }
  }

  return {
    ...t,
    ...images,
    pulls: t.registry.images.pulls,
    retention,
    told,
    findings,
    run: async (options?: RetentionRunOptions) => retention.run(await images.current(), author, options),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}
