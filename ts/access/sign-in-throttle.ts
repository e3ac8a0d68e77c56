import { hash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { signInFailures as failuresSpec, type SignInFailuresDocument } from '../metadata/sign-in-schema.ts'
import { counted } from './wording.ts'

/** Failures that cost nothing, and the longest wait after that: it doubles from a second at each. */
const limits = {
  account: { freeFailures: 5, maxDelaySeconds: 60 },
  address: { freeFailures: 30, maxDelaySeconds: 900 },
  /** Not failures alone: every account that is asked for from an address. */
  signUp: { freeFailures: 10, maxDelaySeconds: 900 },
} as const

/** Failures are forgotten when there was none for so long. */
const rememberedSeconds = 15 * 60
const sweptAtOnce = 20

export interface SignInAttempt {
  /** As it was typed; an account that does not exist is counted like any other. */
  readonly login: string
  readonly address: string
}

/** Counts failed sign-ins and sign-ups in the store, so that replicas agree. */
export interface SignInThrottle {
  /** Throws `too_many_requests` with the seconds to wait. */
  check(attempt: SignInAttempt): Promise<void>
  failed(attempt: SignInAttempt): Promise<void>
  /** Forgets the account's failures when all came from this address: others' guesses stay counted. */
  succeeded(attempt: SignInAttempt): Promise<void>
  /** One more sign-up from this address. Throws `too_many_requests` with the seconds to wait. */
  signUp(address: string): Promise<void>
}

type Kind = keyof typeof limits

/** The throttle in the collection `signInFailures`, which each failure rids of some that have expired. */
export function signInThrottle(engine: MetadataEngine): SignInThrottle {
  const failures = engine.collection(failuresSpec)

  async function current(id: string): Promise<Stored<SignInFailuresDocument> | undefined> {
    const known = await failures.get(id)
    return known && known.value.expiresAt > Date.now() ? known : undefined
  }

  /** Looks at what is known before each try, so that of many at once none slips through. */
  async function add(
    kind: Kind,
    attempt: SignInAttempt,
    look: (known: SignInFailuresDocument) => void = () => {},
  ): Promise<void> {
    const id = idOf(kind, attempt)
    for (;;) {
      const stored = await failures.get(id)
      if (stored && stored.value.expiresAt > Date.now()) look(stored.value)
      const value = oneMore(stored?.value, addressKey(attempt.address))
      try {
        if (stored) await failures.update(id, stored.revision, value)
        else await failures.insert(id, value)
        return
      } catch (err) {
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  async function sweep(): Promise<void> {
    const { items } = await failures.find('byExpiry', { range: { to: Date.now() }, limit: sweptAtOnce })
    await engine.batch(items.map(({ id }) => ({ kind: 'delete', in: failuresSpec, id })))
  }

  return {
    async check(attempt) {
      const waits = (['account', 'address'] as const).map(async (kind) => {
        const known = await current(idOf(kind, attempt))
        return known ? secondsLeft(kind, known.value) : 0
      })
      refuseFor(Math.max(...(await Promise.all(waits))), 'Too many failed sign-ins.')
    },

    async failed(attempt) {
      await Promise.all([add('account', attempt), add('address', attempt), sweep()])
    },

    async succeeded(attempt) {
      const known = await failures.get(idOf('account', attempt))
      if (known?.value.from !== addressKey(attempt.address)) return
      await failures.delete(known.id, known.revision).catch((err: unknown) => {
        if (!hasCode(err, 'revision_stale')) throw err
      })
    },

    async signUp(address) {
      await add('signUp', { login: '', address }, (known) =>
        refuseFor(secondsLeft('signUp', known), 'Too many accounts were asked for from this address.'),
      )
      await sweep()
    },
  }
}

function refuseFor(retryAfterSeconds: number, why: string): void {
  if (retryAfterSeconds <= 0) return
  const message = `${why} Try again in ${counted(retryAfterSeconds, 'second')}.`
  throw new RegistryError('too_many_requests', message, { retryAfterSeconds })
}

/** What counts as one address: an IPv6 client has a whole /64 to choose from. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const before = head.split(':').filter((group) => group !== '')
  const after = (tail ?? '').split(':').filter((group) => group !== '')
  const mapped = after.at(-1)?.includes('.') ? after.at(-1) : undefined
  if (mapped !== undefined) return mapped
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

function idOf(kind: Kind, { login, address }: SignInAttempt): string {
  const which = kind === 'account' ? login.toLowerCase().toWellFormed() : addressKey(address)
  return hash('sha256', `${kind} ${which}`)
}

function oneMore(known: SignInFailuresDocument | undefined, from: string): SignInFailuresDocument {
  const now = Date.now()
  const expiresAt = now + rememberedSeconds * 1000
  if (!known || known.expiresAt <= now) return { count: 1, lastAt: now, from, expiresAt }
  const { from: before, ...rest } = known
  return { ...rest, count: known.count + 1, lastAt: now, expiresAt, ...(before === from && { from }) }
}

function secondsLeft(kind: Kind, { count, lastAt }: SignInFailuresDocument): number {
  const { freeFailures, maxDelaySeconds } = limits[kind]
  if (count < freeFailures) return 0
  const delay = Math.min(maxDelaySeconds, 2 ** (count - freeFailures))
  return Math.ceil((lastAt - Date.now()) / 1000 + delay)
}
