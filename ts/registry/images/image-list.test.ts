import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Write } from '../../metadata/engine.ts'
import { packages as packagesSpec } from '../../metadata/package-schema.ts'
import { openTestImages } from './testing.ts'

test('images are listed by path, in pages', async () => {
  await using t = await openTestImages()
  for (const image of ['c', 'a', 'b']) await t.anImage({ ...t.app, image })
  const paths: (string | undefined)[][] = []
  for (let after: string | undefined; ; ) {
    const page = await t.images.list({ protocol: 'oci', limit: 2, ...(after !== undefined && { after }) })
    paths.push(page.items.map(({ value }) => value.path))
    after = page.next
    if (after === undefined) break
  }
  assert.deepEqual(paths, [['acme/a', 'acme/b'], ['acme/c']])
})

test('a list passes over no more than 2000 images without manifests, and says where to go on', async () => {
  await using t = await openTestImages()
  await t.anImage({ ...t.app, image: 'z' })
  const { value } = await t.found({ ...t.app, image: 'z' })
  const writes = Array.from({ length: 2100 }, (_, i): Write => {
    const name = `empty${String(i).padStart(4, '0')}`
    const empty = { ...value, name, path: `acme/${name}`, published: 0 }
    return { kind: 'insert', in: packagesSpec, id: `pkg_${name}`, value: empty }
  })
  await t.engine.batch(writes)
  const first = await t.images.list({ protocol: 'oci', limit: 10 })
  assert.deepEqual(first, { items: [], lookedAt: 2000, next: 'acme/empty1999' })
  const second = await t.images.list({ protocol: 'oci', limit: 10, after: 'acme/empty1999' })
  assert.deepEqual(
    [second.items.map(({ value }) => value.path), second.lookedAt, second.next],
    [['acme/z'], 101, undefined],
  )
})
