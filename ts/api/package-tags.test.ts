import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestPackages } from '../testing/packages.ts'

describe('one tag of a package whose record holds them', () => {
  test('is set, moved and removed, and npm sees it', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '2.0.0'])
    const as = s.owner.token
    for (const version of ['1.0.0', '2.0.0']) {
      const { body } = await s.t.ask(`PUT ${path}/tags/beta`, { as, body: { version } })
      assert.deepEqual(body, { tag: 'beta', version })
      assert.equal((await s.packument('lib'))['dist-tags'].beta, version)
    }
    assert.equal((await s.t.ask(`DELETE ${path}/tags/beta`, { as })).status, 204)
    assert.deepEqual((await s.packument('lib'))['dist-tags'], { latest: '2.0.0' })
  })

  test('that cannot be is refused', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0'])
    const as = s.owner.token
    const asked: [line: string, body: object | undefined, status: number][] = [
      [`PUT ${path}/tags/1.0`, { version: '1.0.0' }, 400],
      [`PUT ${path}/tags/beta`, { version: '9.9.9' }, 404],
      [`DELETE ${path}/tags/beta`, undefined, 404],
      [`DELETE ${path}/tags/latest`, undefined, 400],
    ]
    for (const [line, body, status] of asked) {
      assert.equal((await s.t.ask(line, { as, ...(body && { body }) })).status, status, line)
    }
    assert.deepEqual((await s.t.ask(`GET ${path}/tags`, { as })).body, { tags: [{ tag: 'latest', version: '1.0.0' }] })
  })
})
