import assert from 'node:assert/strict'
import { problem } from '../../ts_interfaces/problem.ts'
import { openTestApp, type TestApp, type TestRequest, type TestSurroundings } from '../testing/app.ts'
import { apiRoutes } from './api.ts'
import type { Route } from './route.ts'

export interface Told {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into was checked against its schema
  readonly body: any
}

export interface TestApi extends TestApp {
  /** `ask('GET /users/jane', { as })` below `/api/v1`; the answer has the form that the route's schema says. */
  ask(line: string, request?: TestRequest): Promise<Told>
  /** A new user, and a token that may do all that it may. */
  someone(username: string, more?: { isPlatformAdmin?: boolean }): Promise<{ id: string; token: string }>
}

/** The whole server without a socket, and every answer of its API compared with what is published of it. */
export async function openTestApi(around: TestSurroundings = {}): Promise<TestApi> {
  const t = await openTestApp({}, around)
  const routes = apiRoutes({ ...t, usage: {} as never, limits: {} as never, protocols: [], version: '' })

  return {
    ...t,
    async ask(line, request) {
      const [method = '', path = ''] = line.split(' ')
      const answer = await t.request(method, `/api/v1${path}`, request)
      const text = await answer.text()
      const body = text === '' ? undefined : JSON.parse(text)
      check(
        routes.find((route) => isOf(route, method, path)),
        answer,
        body,
      )
      return { status: answer.status, headers: answer.headers, body }
    },
    async someone(username, more) {
      const user = await t.aUser(username, more)
      return { id: user.id, token: (await t.aToken(user)).text }
    },
  }
}

function isOf(route: Route, method: string, path: string): boolean {
  const [plain = ''] = path.split('?')
  return route.method === method && new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(plain)
}

function check(route: Route | undefined, { status, headers }: Response, body: unknown): void {
  if (status >= 400) {
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.equal(problem.parse(body).status, status)
    return
  }
  assert.ok(route, 'a route that is described')
  const { answer, status: expected } = route.shape
  if (status === 304 || !answer) {
    assert.equal(body, undefined)
    return
  }
  assert.equal(status, expected ?? (route.method === 'POST' ? 201 : 200))
  assert.deepEqual(answer.parse(body), body)
}
