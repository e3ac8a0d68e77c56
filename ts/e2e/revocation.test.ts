import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type TakingCase, takingCases } from './revocation-cases.ts'
import type { Probe } from './revocation-probes.ts'
import { openTwoReplicas, skipWithoutReplicas } from './two-replicas.ts'
import { openWorld, send, type World } from './world.ts'

const skip = skipWithoutReplicas() ?? false
const boundMs = 5_000
const pollMs = 200

describe('what is taken away on one of two servers', { skip, concurrency: true }, () => {
  const opened = new AsyncDisposableStack()
  let here: string
  let there: string
  let world: World

  before(async () => {
    const [first, second] = opened.use(await openTwoReplicas()).servers
    ;[here, there] = [first.url, second.url]
    world = openWorld(here, await first.adminToken())
  })
  after(() => opened.disposeAsync())

  for (const each of takingCases) {
    test(`${each.name}: the next request there is refused, on the other within 5 seconds`, (t) => take(t, each))
  }

  async function take(t: TestContext, { arrange }: TakingCase): Promise<void> {
    const { change, probes } = await arrange(world)
    for (const probe of probes) await assertStatuses(probe, probe.granted)
    const answer = await send(here, change)
    assert.ok(answer.ok, `${change.line}: ${answer.status} ${await answer.text()}`)
    const changedAt = performance.now()
    for (const probe of probes) assert.equal(await statusOf(here, probe), probe.refused, `${probe.line}, at once`)
    const lastGranted = await Promise.all(probes.map((probe) => lastGrantedAt(there, probe, changedAt)))
    t.diagnostic(`let in on the other for ${lastGranted.map((at) => seconds(at - changedAt)).join(' and ')}`)
    for (const probe of probes) await assertStatuses(probe, probe.refused)
  }

  async function assertStatuses(probe: Probe, status: number): Promise<void> {
    assert.equal(await statusOf(here, probe), status, probe.line)
    assert.equal(await statusOf(there, probe), status, `${probe.line}, on the other`)
  }
})

/** When the last request was sent that was still let in; fails for one that was sent 5 seconds after the change. */
async function lastGrantedAt(url: string, probe: Probe, changedAt: number): Promise<number> {
  let lastAt = changedAt
  for (;;) {
    const sentAt = performance.now()
    const status = await statusOf(url, probe)
    if (status === probe.refused) return lastAt
    assert.equal(status, probe.granted, probe.line)
    assert.ok(sentAt - changedAt < boundMs, `${probe.line} was let in ${seconds(sentAt - changedAt)} after the change`)
    lastAt = sentAt
    await wait(pollMs)
  }
}

async function statusOf(url: string, probe: Probe): Promise<number> {
  const answer = await send(url, probe)
  await answer.arrayBuffer()
  return answer.status
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
