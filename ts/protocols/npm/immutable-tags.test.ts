import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aPublishBody } from './publish-builder.ts'
import { json, ok, openNpm } from './testing.ts'

test('an immutable tag is set once, and npm is told why it, its version and its package stay', async () => {
  await using t = await openNpm()
  const tagged = (version: string, tag: string) => t.publish(aPublishBody('lib', version).withTags(tag))
  await ok(await tagged('1.0.0', 'latest'))
  const [repository] = (await t.access.repositories.list((await organizationOf(t)).id, {})).items
  await t.access.repositories.configure(repository?.id ?? '', { immutableTags: ['lts-*'] })
  await ok(await tagged('1.1.0', 'lts-1'))

  const at = '/-/package/lib/dist-tags'
  const ask = (method: string, path: string, body?: unknown) => t.request(method, path, { as: t.owner, body })
  const packument = await json(await ask('GET', '/lib?write=true'))
  const { '1.1.0': _, ...left } = packument.versions
  const refused = [
    await ask('PUT', `${at}/lts-1`, '1.0.0'),
    await ask('DELETE', `${at}/lts-1`),
    await ask('PUT', at, { next: '1.0.0' }),
    await ask('POST', at, { 'lts-1': '1.0.0' }),
    await tagged('1.2.0', 'lts-1'),
    await ask('PUT', `/lib/-rev/${packument._rev}`, { ...packument, versions: left }),
    await ask('DELETE', `/lib/-rev/${packument._rev}`),
  ]
  for (const [i, response] of refused.entries()) {
    assert.equal(response.status, 403, `${i}`)
    const { error } = JSON.parse(await response.text())
    assert.match(error, /^The tag "lts-1" of lib stays at 1\.1\.0, .* repository "npm" .* match "lts-\*"\.$/)
  }
  assert.deepEqual(await json(await ask('GET', at)), { latest: '1.0.0', 'lts-1': '1.1.0' })

  await ok(await ask('PUT', `${at}/lts-1`, '1.1.0'))
  await ok(await ask('PUT', `${at}/latest`, '1.1.0'))
  await ok(await tagged('1.2.0', 'latest'))
})

async function organizationOf({ access }: Awaited<ReturnType<typeof openNpm>>) {
  return (await access.organizations.findByName('main')) ?? assert.fail()
}
