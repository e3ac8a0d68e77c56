import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { allowedMethods } from './allowed-methods.ts'

const app = new Hono()
app.use(async (_c, next) => next())
app.get('/health', (c) => c.text('up'))
app.on(
  'PUT',
  '/things/:id/lid',
  async (_c, next) => next(),
  (c) => c.text('put'),
)
app.delete('/things/:id/lid', (c) => c.text('gone'))
app.get('/-/ping', (c) => c.text('pong'))
app.all('/-/*', (c) => c.notFound())
app.get('/:name/:version', (c) => c.text('a version'))

const cases: [path: string, methods: string[]][] = [
  ['/health', ['GET', 'HEAD']],
  ['/things/1/lid', ['PUT', 'DELETE']],
  ['/-/ping', ['GET', 'HEAD']],
  ['/-/other', []],
  ['/lib/1.0.0', ['GET', 'HEAD']],
  ['/nothing', []],
]
describe('the methods of a path', () => {
  for (const [path, methods] of cases) {
    test(`${path}: ${methods.join(', ') || 'none'}`, () => assert.deepEqual(allowedMethods(app, path), methods))
  }
})
