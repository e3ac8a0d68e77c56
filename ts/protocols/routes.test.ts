import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestApp } from '../testing/app.ts'
import { reservedNames } from './root-paths.ts'

/**
 * Who answers where two patterns match one request: the first, never the second. Everything else that two patterns
 * match alike is a mistake.
 */
const precedence: readonly (readonly [first: string, second: string])[] = [
  // The server's own root before npm's.
  ['/', '/'],
  // Below `/npm/`, two plain segments are organization and repository, not package and tag.
  [
    '/npm/:organization{[a-z0-9]+(?:-[a-z0-9]+)*}/:repository{[a-z0-9]+(?:-[a-z0-9]+)*}',
    '/npm/:name{(?:[^@/][^/]*|@[^/]+%2[fF][^/]+)}/:version',
  ],
  // npm's namespace `-` ends in what says that it does not know an endpoint.
  ['/-/npm/*', '/-/*'],
]

const samples: Record<string, string> = { name: 'lib', scope: '@acme', organization: 'acme', repository: 'tools' }

/** A path that the pattern matches; `undefined` for catch-alls. */
function sampleOf(pattern: string): string | undefined {
  if (pattern.endsWith('*')) return undefined
  return pattern.replaceAll(
    /:(\w+)(\{(?:[^{}]|\{[^}]*\})*\})?/g,
    (_all, name: string) => samples[name] ?? `some-${name}`,
  )
}

describe('routes', () => {
  test('no route is hidden behind another one without a written precedence', async () => {
    await using t = await openTestApp()
    const hidden: string[] = []
    const seen = new Set<string>()
    for (const route of t.app.routes) {
      const sample = sampleOf(route.path)
      if (sample === undefined || route.method === 'ALL' || seen.has(`${route.method} ${route.path}`)) continue
      seen.add(`${route.method} ${route.path}`)
      const [matched] = t.app.router.match(route.method, sample)
      const first = matched.map(([[, { path }]]) => path).find((path) => path !== '/*' && path !== '/ui/*')
      const written = precedence.some(([winner, loser]) => winner === first && loser === route.path)
      if (first !== route.path && !written) hidden.push(`${route.method} ${route.path} is hidden by ${first}`)
    }
    assert.deepEqual(hidden, [])
    assert.ok(seen.size > 100, `${seen.size} routes were looked at`)
  })

  test('every first segment of a root path is reserved', async () => {
    await using t = await openTestApp()
    const segments = t.app.routes
      .map(({ path }) => path.split('/')[1] ?? '')
      .filter((segment) => !/^[:*]|^$/.test(segment))
    assert.deepEqual(
      [...new Set(segments)].filter((segment) => !reservedNames.has(segment)),
      [],
    )
  })

  test('an organization of a reserved name cannot be made', async () => {
    await using t = await openTestApp()
    for (const name of ['npm', 'api', 'v2', 'simple']) {
      await assert.rejects(t.access.organizations.create({ name }), { code: 'payload_invalid' })
    }
  })
})
