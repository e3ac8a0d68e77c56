import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Action } from '../../metadata/access-schema.ts'
import { aPublishBody } from './publish-builder.ts'
import { json, openNpm } from './testing.ts'

type Change = readonly [method: string, path: string, body?: unknown]

const { body: publish } = aPublishBody('lib', '2.0.0')
const without = { _id: 'lib', name: 'lib', versions: { '1.1.0': {} } }

/** Every request that changes something of a package. */
const writing: readonly Change[] = [
  ['PUT', '/lib', publish],
  ['PUT', '/lib', { _id: 'lib', versions: { '1.0.0': { deprecated: 'old' }, '1.1.0': {} } }],
  ['PUT', '/-/package/lib/dist-tags/next', '1.0.0'],
  ['POST', '/-/package/lib/dist-tags/next', '1.0.0'],
  ['DELETE', '/-/package/lib/dist-tags/beta'],
  ['PUT', '/-/package/lib/dist-tags', { next: '1.0.0' }],
  ['POST', '/-/package/lib/dist-tags', { next: '1.0.0' }],
  ['POST', '/-/package/lib/access', { access: 'restricted' }],
  ['POST', '/-/stage/package/lib', publish],
  ['POST', '/-/stage/STAGE/approve'],
  ['DELETE', '/-/stage/STAGE'],
]
const deleting: readonly Change[] = [
  ['PUT', '/lib/-rev/undefined', without],
  ['PUT', '/lib/-rev/undefined', { _id: 'lib', maintainers: [{ name: 'olga' }] }],
  ['DELETE', '/lib/-rev/undefined'],
  ['DELETE', '/lib/-/lib-1.0.0.tgz/-rev/undefined'],
  ['PUT', '/-/package/lib/owners', { user: 'olga' }],
  ['DELETE', '/-/package/lib/owners/olga'],
]

async function openPackage() {
  const t = await openNpm()
  for (const version of ['1.0.0', '1.1.0']) await t.publish(aPublishBody('lib', version))
  await t.request('PUT', '/-/package/lib/dist-tags/beta', { as: t.owner, body: '1.0.0' })
  const { body } = aPublishBody('lib', '3.0.0')
  const { stageId } = await json(await t.request('POST', '/-/stage/package/lib', { as: t.owner, body }))
  const send = (as: string | undefined, [method, path, sent]: Change) =>
    t.request(method, path.replace('STAGE', stageId), { as, body: sent })
  const state = async () => (await t.request('GET', '/lib?write=true', { as: t.owner })).text()
  return { t, send, state, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

/** Sends each, and demands the status and that nothing changed. */
async function allRefused(changes: readonly Change[], actions: readonly Action[] | undefined, status: number) {
  await using opened = await openPackage()
  const { t, send, state } = opened
  const before = await state()
  const as = actions && (await t.aToken({ id: t.ownerId }, { actions })).text
  for (const change of changes) {
    assert.equal((await send(as, change)).status, status, change.slice(0, 2).join(' '))
    assert.equal(await state(), before)
  }
}

describe('of all requests that change a package', () => {
  test('none is allowed to a token that only reads', () => allRefused([...writing, ...deleting], ['read'], 403))
  test('none is allowed to nobody', () => allRefused([...writing, ...deleting], undefined, 401))
  test('those that delete or give away are not allowed to a token that writes', () =>
    allRefused(deleting, ['read', 'write'], 403))

  for (const change of [...writing, ...deleting].filter(([, path]) => !path.endsWith('/owners/olga'))) {
    test(`${change[0]} ${change[1]} is allowed to a token of its action`, async () => {
      await using opened = await openPackage()
      const { t, send } = opened
      const actions: Action[] = deleting.includes(change) ? ['read', 'write', 'delete'] : ['read', 'write']
      const answer = await send((await t.aToken({ id: t.ownerId }, { actions })).text, change)
      assert.ok(answer.ok, await answer.text())
    })
  }
})

test('a stranger is told the same of a private package and of none, word for word', async () => {
  await using t = await openNpm()
  await t.publish(aPublishBody('lib', '1.0.0'))
  const { text } = await t.aToken(await t.aUser('stranger'))
  for (const path of ['/NAME', '/NAME/1.0.0', '/NAME/-/x-1.0.0.tgz', '/-/package/NAME/dist-tags']) {
    const [is, isNot] = await Promise.all(
      ['lib', 'none'].map(async (name) => {
        const answer = await t.request('GET', path.replace('NAME', name), { as: text })
        return `${answer.status} ${await answer.text()}`
      }),
    )
    assert.equal(is, isNot)
    assert.match(is ?? '', /^404 /)
  }
})

test('asking for public access in a publish opens nothing', async () => {
  await using t = await openNpm()
  await t.publish(aPublishBody('lib', '1.0.0').withDocument({ access: 'public' }))
  assert.equal((await t.request('GET', '/lib')).status, 401)
})
