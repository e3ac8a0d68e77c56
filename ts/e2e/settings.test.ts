import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { npmRequests } from './npm-requests.ts'
import { openTwoReplicas, skipWithoutReplicas } from './two-replicas.ts'
import { until } from './until.ts'

/** A package that everybody may read, published at the root. */
async function aPublicPackage({ url, adminToken, command }: ServerProcess): Promise<string> {
  const token = await adminToken()
  assert.equal(await npmRequests(url, token).publish('open', '1.0.0'), 201)
  await command(['repo', 'set', 'npm/main/npm', '--visibility', 'public'])
  return token
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/open`)
  await answer.arrayBuffer()
  return answer.status
}

async function answersFromMemory(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^stowage_cache_requests_total\{cache="answers",result="hit"\} (\d+)/m.exec(text)?.[1] ?? 0)
}

function setAnonymousAccess(url: string, token: string, anonymousAccess: boolean): Promise<Response> {
  return fetch(`${url}/api/v1/admin/settings`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ anonymousAccess }),
  })
}

describe('anonymous access, turned off', () => {
  test('ends answers that were given from memory: at once, by the server and by a command beside it', async () => {
    await using server = await startServerProcess()
    const { url } = server
    const token = await aPublicPackage(server)
    const isRemembered = async () => {
      const before = await answersFromMemory(url)
      for (let i = 0; i < 5; i++) assert.equal(await statusOf(url), 200)
      return (await answersFromMemory(url)) > before
    }
    await until('an answer is given from memory', isRemembered)
    assert.equal((await setAnonymousAccess(url, token, false)).status, 200)
    assert.equal(await statusOf(url), 401)
    assert.equal((await setAnonymousAccess(url, token, true)).status, 200)
    await until('an answer is given from memory again', isRemembered)
    await server.command(['settings', 'set', 'anonymous-access', 'off'])
    assert.equal(await statusOf(url), 401)
  })

  const skip = skipWithoutReplicas() ?? false
  test('on one replica holds on the other within 5 seconds', { skip }, async () => {
    await using replicas = await openTwoReplicas()
    const [here, there] = replicas.servers
    const token = await aPublicPackage(here)
    for (const { url } of replicas.servers) await until('it is public', async () => (await statusOf(url)) === 200)
    assert.equal((await setAnonymousAccess(here.url, token, false)).status, 200)
    const changedAt = performance.now()
    assert.equal(await statusOf(here.url), 401)
    await until('it holds there', async () => (await statusOf(there.url)) === 401)
    assert.ok(performance.now() - changedAt < 5000)
  })
})

test('a job that was asked for runs in the server, and a command beside it tells of it', async () => {
  await using server = await startServerProcess()
  const headers = { authorization: `Bearer ${await server.adminToken()}` }
  const ask = (path: string, method = 'GET') => fetch(`${server.url}/api/v1/admin/${path}`, { method, headers })
  assert.equal((await ask('jobs/usage/run', 'POST')).status, 202)
  const stats = async () => (await (await ask('stats')).json()) as { countedAt: string | null }
  await until('it has counted', async () => (await stats()).countedAt !== null)
  await until('it is told', async () => /^usage .+success/m.test(await server.command(['jobs'])))
})
