import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type LoggedRequest, startServerProcess } from '../testing/server-process.ts'
import {
  runSchemathesis,
  type SchemathesisRun,
  schemathesisVersion,
  skipWithoutSchemathesis,
} from './schemathesis-run.ts'
import { type Seeded, seedEverything } from './schemathesis-seed.ts'
import { openWorld, type World } from './world.ts'

const skip = skipWithoutSchemathesis() ?? false

interface Asker extends Pick<SchemathesisRun, 'phases' | 'maxExamples'> {
  readonly who: string
  /** Its token; absent: nobody. */
  readonly token?: (world: World, seeded: Seeded) => string
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security: readonly object[] }>>>>
}

const askers: readonly Asker[] = [
  {
    who: 'a platform admin',
    phases: ['coverage', 'fuzzing', 'stateful'],
    maxExamples: 10,
    token: ({ admin }) => admin,
  },
  // Whoever may do less is refused before parameters are looked at: those need no plan again.
  {
    who: 'a plain member of an organization',
    phases: ['fuzzing', 'stateful'],
    maxExamples: 10,
    token: (_, { member }) => member.token,
  },
  { who: 'nobody', phases: ['fuzzing'], maxExamples: 5 },
]

describe('the REST API is what its description says', { skip, concurrency: true }, () => {
  for (const asker of askers) test(`to ${asker.who}`, (t) => askEverything(t, asker))
})

async function askEverything(t: TestContext, { who, token: tokenOf, ...bounds }: Asker): Promise<void> {
  await using server = await startServerProcess()
  const world = openWorld(server.url, await server.adminToken())
  const seeded = await seedEverything(world)
  const token = tokenOf?.(world, seeded)
  const own = token === undefined ? [] : await ownNames(world, token)
  t.diagnostic(`${await schemathesisVersion()} as ${who}`)
  const before = (await server.requests()).length
  const startedAt = performance.now()
  const asked = { url: server.url, own, known: seeded.known, ...bounds }
  const { code, output } = await runSchemathesis({ ...asked, ...(token !== undefined && { token }) })
  const requests = apiRequests((await server.requests()).slice(before))
  t.diagnostic(`${tally(requests)} in ${Math.round((performance.now() - startedAt) / 1000)} s`)
  assert.equal(code, 0, output)
  assert.deepEqual(
    requests.filter(({ status }) => status >= 500),
    [],
  )
  // Nothing was kept from it since it had harmed itself, and nobody did what is not for everybody.
  if (token !== undefined) await world.ask('GET /api/v1/auth/me', undefined, token)
  else assert.deepEqual(await letIn(server.url, requests), [])
}

/** What the run goes on with: the account, by id and name, and the token. */
async function ownNames({ ask }: World, token: string): Promise<readonly string[]> {
  const { id, name, tokenId } = (await ask('GET /api/v1/auth/me', undefined, token)) as Record<string, string>
  return [id, name, tokenId].filter((each) => each !== undefined)
}

/** Requests that succeeded though the description asks for somebody who is signed in; by method and path, each once. */
async function letIn(url: string, requests: readonly LoggedRequest[]): Promise<readonly string[]> {
  const { paths } = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as Description
  const guarded = Object.entries(paths).flatMap(([path, operations]) => {
    const pattern = new RegExp(`/api/v1${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?|$)`)
    const methods = Object.keys(operations).filter((method) => !isForNobody(operations[method]?.security ?? []))
    return methods.map((method) => ({ method: method.toUpperCase(), path, pattern }))
  })
  const succeeded = requests.filter(({ status }) => status < 300)
  return guarded
    .filter(({ method, pattern }) => succeeded.some((each) => each.method === method && pattern.test(each.url)))
    .map(({ method, path }) => `${method} ${path}`)
}

/** Credentials are not needed, or optional. */
function isForNobody(security: readonly object[]): boolean {
  return security.length === 0 || security.some((scheme) => Object.keys(scheme).length === 0)
}

/** Those of the API, the description itself left out. */
function apiRequests(requests: readonly LoggedRequest[]): readonly LoggedRequest[] {
  return requests.filter(({ url }) => url.includes('/api/v1/') && !url.includes('/api/v1/openapi.json'))
}

/** `1204 requests: 340 × 200, 512 × 400, …`. */
function tally(requests: readonly LoggedRequest[]): string {
  const byStatus = [...Map.groupBy(requests, ({ status }) => status)].sort(([a], [b]) => a - b)
  return `${requests.length} requests: ${byStatus.map(([status, own]) => `${own.length} × ${status}`).join(', ')}`
}
