import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { z } from 'zod'
import { roomyLimits, silentLog } from '../http/testing.ts'
import type { Env } from '../protocols/protocol.ts'
import { openTestAccess, type TestAccess } from '../testing/access.ts'
import { answerRoute } from './answer-route.ts'
import { permission } from './permissions.ts'
import { problemAnswer } from './problem-answer.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** This one route, on an app of its own. */
function appOf({ access }: TestAccess, only: Route) {
  const deps = { access, limits: roomyLimits, version: '' } as ApiDeps
  const app = new Hono<Env>()
  app.onError(problemAnswer)
  app.use(async (c, next) => {
    c.set('external', { origin: 'http://registry.example.com', prefix: '/p', clientAddress: '192.0.2.7' })
    c.set('log', silentLog)
    await next()
  })
  app.on(only.method, only.path, (c) => answerRoute(only, c, deps))
  return app
}

const somebody = permission('somebody', () => 0)

test('a repeat that would tell a secret again is answered with the id alone, and nothing of it is stored', async () => {
  await using t = await openTestAccess()
  const { text } = await t.aToken(await t.aUser('jane'))
  let made = 0
  const shape = { summary: '', answer: z.string(), hasSecret: true }
  const app = appOf(
    t,
    route('POST /x', somebody, shape, async () => {
      made++
      return { body: 'the secret', made: { id: 'tok_1', path: '/tokens/tok_1' } }
    }),
  )
  const headers = { authorization: `Bearer ${text}`, 'idempotency-key': 'k' }
  const post = () => app.request('/x', { method: 'POST', headers })
  const first = await post()
  assert.deepEqual([first.status, await first.json()], [201, 'the secret'])
  assert.equal(first.headers.get('location'), 'http://registry.example.com/p/api/v1/tokens/tok_1')
  const again = await post()
  const problem = JSON.parse(await again.text())
  assert.deepEqual([again.status, problem.code, problem.id, made], [409, 'document_exists', 'tok_1', 1])
})

test('a fault is told as such, and may be tried again with the same key', async () => {
  await using t = await openTestAccess()
  const { text } = await t.aToken(await t.aUser('jane'))
  let tries = 0
  const app = appOf(
    t,
    route('POST /x', somebody, { summary: '' }, async () => {
      if (++tries === 1) throw new Error('the password is hunter2')
      return undefined
    }),
  )
  const headers = { authorization: `Bearer ${text}`, 'idempotency-key': 'k' }
  const post = () => app.request('/x', { method: 'POST', headers })
  const first = await post()
  assert.equal(first.status, 500)
  assert.doesNotMatch(await first.text(), /hunter2/)
  assert.deepEqual([(await post()).status, (await post()).status, tries], [204, 204, 2])
})

test('a robot is told who it is, and has no account', async () => {
  await using t = await openTestAccess()
  const { id } = await t.access.organizations.create({ name: 'acme' })
  const robot = await t.access.robots.create({ organizationId: id, name: 'ci' })
  const { text } = await t.aToken(robot)
  const app = appOf(
    t,
    route(
      'GET /x',
      permission('', ({ principal }) => t.access.enterAccount(principal, 'read')),
      { summary: '' },
      async () => undefined,
    ),
  )
  assert.equal((await app.request('/x', { headers: { authorization: `Bearer ${text}` } })).status, 403)
})
