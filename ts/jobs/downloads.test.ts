import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestApp } from '../testing/app.ts'

test('pulls and downloads that were counted are written when the server stops', async () => {
  await using t = await openTestApp()
  const { images, downloads } = t.registry
  const digest = `sha256:${'a'.repeat(64)}`
  images.pulls.count('pkg_a', ['latest', digest])
  assert.equal((await images.pulls.of('pkg_a', ['latest'])).size, 0)
  await t.jobs.stop()
  assert.equal((await images.pulls.of('pkg_a', ['latest'])).get('latest')?.pulls, 1)
  assert.equal(await downloads.total('pkg_a', 1), 1)
})
