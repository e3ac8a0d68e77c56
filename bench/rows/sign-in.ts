import { setTimeout as wait } from 'node:timers/promises'
import { runClient } from '../clients.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { administrator, executablePath, type StowageOptions } from '../contestants/stowage.ts'
import { drive } from '../load.ts'
import { longestLoopStopMs } from '../metrics.ts'
import type { PacedOrder, PacedReport } from '../paced-client.ts'
import { headersFor } from '../requests.ts'
import { type Aim, amount, type Figure, type Line, middle } from '../results.ts'
import { alternate, type Sample, type Turn } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import type { SignInOrder, SignInReport } from '../sign-in-client.ts'
import { readById } from './read.ts'
import type { Row } from './row.ts'

const table = 'Requests with tokens while sign-ins saturate the password thread'
/** More than the thread checks in the five seconds for which it remembers a right password. */
const accounts = 20
const signingIn = 8
const paced = 200
/** What the clients take to start. */
const settleMs = 1_500

/** What a server's requests with tokens are like by themselves, and what while every moment a password is checked. */
interface Pair {
  readonly alone: string
  readonly during: string
  readonly server: Contestant
  readonly usernames: readonly string[]
}

/** Passwords are checked in a thread of their own; this shows what is left of that on the machine at hand. */
export const signInRow: Row = {
  id: 'sign-in',
  title: 'requests with tokens while sign-ins saturate the password thread',
  async run(setting) {
    const executable = executablePath()
    await using started = new AsyncDisposableStack()
    const pairs = [await openPair(setting, 'Stowage', started)]
    if (executable) pairs.push(await openPair(setting, 'executable', started, { executable }))
    const even = await alternate(setting.rounds, turns(setting, pairs, pacedSample))
    const full = await alternate(setting.rounds, turns(setting, pairs, fullSample))
    const line = (title: string, unit: Line['unit'], figures: readonly Figure[]) => ({ table, title, unit, figures })
    return [
      { ...line(`longest stop of the event loop at ${paced} requests/s`, 'ms', even), aim: stopAim(pairs, even) },
      line('packument of 100 versions, gzip, as many as wrk gets', 'requests/s', full),
      line(
        'the same against without sign-ins',
        'times',
        pairs.map((pair) => shareOf(pair, full)),
      ),
    ]
  },
}

async function openPair(
  setting: Setting,
  name: string,
  started: AsyncDisposableStack,
  options: Partial<StowageOptions> = {},
): Promise<Pair> {
  const server = await setting.freshStowage({ ...options, env: { TRUSTED_PROXIES: '127.0.0.0/8' } })
  started.defer(server.stop)
  const usernames = Array.from({ length: accounts }, (_, i) => `person-${i}`)
  await Promise.all(usernames.map((username) => makeUser(server, username)))
  return { alone: `${name}, no sign-ins`, during: `${name}, during sign-ins`, server, usernames }
}

async function makeUser(server: Contestant, username: string): Promise<void> {
  const { password } = administrator
  const answer = await fetch(new URL('/api/v1/users', server.registry), {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${administrator.username}:${password}`)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ username, email: `${username}@example.com`, password }),
  })
  if (!answer.ok) throw new Error(`making a user answered ${answer.status}: ${await answer.text()}`)
}

type Measure = (server: Contestant, seconds: number) => Promise<Sample>

function turns(setting: Setting, pairs: readonly Pair[], measure: Measure): Turn[] {
  const { seconds } = setting
  return pairs.flatMap(({ alone, during, server, usernames }) => [
    { contestant: alone, measure: () => measure(server, seconds) },
    { contestant: during, measure: () => whileSigningIn(server, usernames, seconds, measure) },
  ])
}

/** Sign-ins begin before the measurement and end after it; those that still wait then are waited for. */
async function whileSigningIn(
  server: Contestant,
  usernames: readonly string[],
  seconds: number,
  measure: Measure,
): Promise<Sample> {
  const { origin } = new URL(server.registry)
  const order = { origin, usernames, password: administrator.password, clients: signingIn, seconds: seconds + 3 }
  const flood = runClient<SignInOrder, SignInReport>('sign-in-client.ts', order)
  await wait(settleMs)
  const [sample, { right, wrong, seconds: took, problem }] = await Promise.all([measure(server, seconds), flood])
  if (problem !== undefined) return { ...sample, problem }
  return { ...sample, beside: { ...sample.beside, 'sign-ins/s': (right + wrong) / took } }
}

/** The longest stop of the event loop while requests come at a pace far under what the server can do. */
const pacedSample: Measure = async (server, seconds) => {
  const { url, headers } = await tokenRequest(server)
  const order = { url, headers, requestsPerSecond: paced, seconds }
  const report = await runClient<PacedOrder, PacedReport>('paced-client.ts', order)
  const { p50Ms, p99Ms, longestMs, loopStopMs, problem = 'it does not tell' } = report
  if (loopStopMs === undefined || report.problem !== undefined) return { value: 0, problem }
  return { value: loopStopMs, beside: { 'p50 ms': p50Ms, 'p99 ms': p99Ms, 'longest ms': longestMs } }
}

/** As many as wrk gets with 32 connections. */
const fullSample: Measure = async (server, seconds) => {
  const request = await tokenRequest(server)
  await longestLoopStopMs(server)
  const { requestsPerSecond, p99Ms, problem } = await drive({ ...request, connections: 32, seconds })
  const beside = { 'p99 ms': p99Ms, 'loop stop ms': await longestLoopStopMs(server) }
  return { value: requestsPerSecond, beside, ...(problem === undefined ? {} : { problem }) }
}

async function tokenRequest(server: Contestant) {
  const read = readById('packument-100-gzip')
  if (!read) throw new Error('there is no such read')
  return { url: server.registry + read.path, headers: await headersFor(server, read) }
}

/** Of every server that signs people in. */
function stopAim(pairs: readonly Pair[], figures: readonly Figure[]): Aim {
  const reached = Math.max(...pairs.map(({ during }) => middle(figures, during) ?? Number.POSITIVE_INFINITY))
  const bound = 20
  return { text: `under ${bound} ms`, reached: `${amount(reached)} ms`, met: reached < bound }
}

function shareOf({ alone, during }: Pair, figures: readonly Figure[]): Figure {
  const samples = (name: string) => figures.find(({ contestant }) => contestant === name)?.samples ?? []
  const base = samples(alone)
  return { contestant: during, samples: samples(during).map((value, round) => value / (base[round] ?? Number.NaN)) }
}
