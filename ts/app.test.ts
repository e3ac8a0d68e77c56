import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLog } from './log.ts'
import { openTestApp } from './testing/app.ts'

const cases: [method: string, path: string, status: number, allow: string | null][] = [
  ['POST', '/health', 405, 'GET, HEAD, PUT'],
  ['PATCH', '/-/ping', 405, 'GET, HEAD'],
  ['DELETE', '/npm/main/npm/-/ping', 405, 'GET, HEAD'],
  ['POST', '/lib/-/lib-1.0.0.tgz', 405, 'GET, HEAD'],
  ['POST', '/@acme%2flib', 405, 'GET, HEAD, PUT'],
  ['POST', '/-/nothing', 404, null],
  ['GET', '/-/nothing', 404, null],
  ['GET', '/npm/main/npm/-/nothing', 404, null],
  ['POST', '/a/b/c/d/e', 404, null],
]

describe('a method that a path does not take', () => {
  for (const [method, path, status, allow] of cases) {
    test(`${method} ${path} answers ${status}${allow === null ? '' : ` with Allow: ${allow}`}`, async () => {
      await using t = await openTestApp()
      const answer = await t.request(method, path)
      assert.deepEqual([answer.status, answer.headers.get('allow')], [status, allow])
      const { error } = JSON.parse(await answer.text())
      assert.match(error, status === 405 ? /is not allowed at .*; it takes GET, HEAD/ : /no endpoint/)
    })
  }
})

test('the log says of an unknown path and method what the client is told', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', pretty: false, stream: { write: (line: string) => void lines.push(line) } })
  await using t = await openTestApp({}, { log })
  for (const path of ['/health', '/npm/main/npm/-/ping', '/a/b/c/d/e', '/v2/token']) {
    const told = JSON.parse(await (await t.request('DELETE', path)).text())
    const { msg } = JSON.parse(lines.pop() ?? '{}')
    assert.equal(msg, told.error ?? told.errors[0].message)
  }
})

test('paths of any length are repeated in part', async () => {
  await using t = await openTestApp()
  for (const path of [`/-/${'x'.repeat(5000)}`, `/a/b/c/d/${'x'.repeat(5000)}`, `/${'x'.repeat(5000)}`]) {
    assert.ok((await (await t.request('POST', path)).text()).length < 600)
  }
})
