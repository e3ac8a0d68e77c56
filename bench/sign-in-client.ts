import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What the parent writes to stdin, as JSON. */
export interface SignInOrder {
  /** Of the server, which must believe `X-Forwarded-For` from here. */
  readonly origin: string
  /** Accounts that have this password. */
  readonly usernames: readonly string[]
  readonly password: string
  /** How many sign-ins are on their way at a time. */
  readonly clients: number
  /** None is begun later; those on their way are waited for. */
  readonly seconds: number
}

/** What it prints, as JSON. */
export interface SignInReport {
  /** Answered with a session, and with 401. */
  readonly right: number
  readonly wrong: number
  readonly seconds: number
  readonly problem?: string
}

/**
 * Signs in again and again, with right and wrong passwords in turn. Every attempt comes from an address of its own and
 * every wrong one names an account of its own, so that nothing of it is throttled.
 */
async function main(): Promise<void> {
  const order: SignInOrder = JSON.parse(await text(process.stdin))
  const agent = new Agent({ keepAlive: true, maxSockets: order.clients })
  const answered = { right: 0, wrong: 0 }
  let attempts = 0
  let problem: string | undefined
  const start = performance.now()
  const client = async () => {
    while (problem === undefined && performance.now() - start < order.seconds * 1000) {
      const attempt = attempts++
      const isRight = attempt % 2 === 0
      const known = order.usernames[(attempt / 2) % order.usernames.length] ?? ''
      const login = isRight ? known : `stranger-${process.pid}-${attempt}`
      const { status, text } = await signIn(order, agent, { attempt, login })
      if (status === (isRight ? 200 : 401)) answered[isRight ? 'right' : 'wrong']++
      else problem ??= `signing in answered ${status} ${text.slice(0, 300)}`
    }
  }
  await Promise.all(Array.from({ length: order.clients }, client))
  agent.destroy()
  const seconds = (performance.now() - start) / 1000
  const report: SignInReport = { ...answered, seconds, ...(problem === undefined ? {} : { problem }) }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

function signIn(
  { origin, password }: SignInOrder,
  agent: Agent,
  { attempt, login }: { readonly attempt: number; readonly login: string },
): Promise<{ status: number; text: string }> {
  const body = JSON.stringify({ login, password })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-forwarded-for': addressOf(attempt),
  }
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}/api/v1/auth/login`, { method: 'POST', agent, headers }, async (response) => {
      resolve({ status: response.statusCode ?? 0, text: await text(response) })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Differs between attempts, and between the processes that follow each other. */
function addressOf(attempt: number): string {
  return `10.${process.pid % 256}.${Math.floor(attempt / 256) % 256}.${attempt % 256}`
}

await main()
