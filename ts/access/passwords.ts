import { createHmac, randomBytes } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import { RegistryError } from '../errors.ts'
import { startWorker } from '../worker-source.ts'
import { isCommonPassword } from './common-passwords.ts'
import type { PasswordJob, PasswordResult } from './password-worker.ts'

export const minPasswordLength = 12
/** bcrypt looks at no more. */
export const maxPasswordBytes = 72

const rememberedSeconds = 5
const maxRemembered = 10_000
const maxWaiting = 300
const jobSeconds = 0.35
/** Cost 12, of a random text that nobody has: what an unknown user's password is compared with. */
const hashOfNobody = '$2b$12$LQcWfmxzHMnUfPr7GDWheu5pX.AtEjoXdjYAs8pXgDmXcivZC47ze'

/** Hashes and compares passwords in a thread of their own; the thread starts with the first and stops with `close`. */
export interface Passwords {
  /** bcrypt of a new password. Throws `payload_invalid` (field `password`) for one that is too short, too long or too well known. */
  hash(password: string): Promise<string>
  /**
   * Does the password have this hash? `undefined` (no such user) takes as long as a wrong password, and is false.
   * What was right is remembered for 5 s. Throws `too_many_requests` while hundreds wait.
   */
  verify(password: string, hash: string | undefined): Promise<boolean>
  /** Was the password found to have this hash in the last 5 s? */
  remembers(password: string, hash: string): boolean
  close(): Promise<void>
}

/**
 * Throws `payload_invalid` (field `password`) for a password that nobody may choose; and of `owner`, whose it will be,
 * for its username or e-mail address.
 */
export function checkNewPassword(
  password: string,
  owner?: { readonly username: string; readonly email: string },
): void {
  if ([...password].length < minPasswordLength) {
    throw invalid(`A password has at least ${minPasswordLength} characters.`)
  }
  if (Buffer.byteLength(password) > maxPasswordBytes) {
    throw invalid(`A password has at most ${maxPasswordBytes} bytes (letters with accents and symbols count for more).`)
  }
  const text = password.toLowerCase()
  const isName = owner !== undefined && [owner.username, owner.email].some((name) => name.toLowerCase() === text)
  if (isName || isCommonPassword(password)) {
    throw invalid(
      'This password is one of those that are tried first. A few words that do not belong together are better.',
    )
  }
}

/** Passwords on a worker thread. `jobs` is for tests. */
export function workerPasswords(jobs: PasswordJobs = passwordJobs()): Passwords {
  const secret = randomBytes(32)
  const remembered = new LRUCache<string, Promise<boolean>>({ max: maxRemembered, ttl: rememberedSeconds * 1000 })
  /** Those of `remembered` that were right. */
  const right = new WeakSet<Promise<boolean>>()
  const keyOf = (password: string, hash: string) =>
    createHmac('sha256', secret).update(`${hash}\0${password}`).digest('base64')

  async function compare(password: string, hash: string): Promise<boolean> {
    return (await jobs.run({ password, hash })).matches === true
  }

  return {
    async hash(password) {
      checkNewPassword(password)
      const { hash } = await jobs.run({ password })
      if (hash === undefined) throw new RegistryError('internal', 'The password worker sent no hash.')
      return hash
    },

    async verify(password, hash = hashOfNobody) {
      if (Buffer.byteLength(password) > maxPasswordBytes) return false
      const key = keyOf(password, hash)
      const known = remembered.get(key)
      if (known) return known
      const comparing = compare(password, hash)
      remembered.set(key, comparing)
      const forget = () => {
        if (remembered.peek(key) === comparing) remembered.delete(key)
      }
      // Only what was right stays, for 5 s from now; a client that sends 20 requests at once is one comparison.
      const remember = () => {
        right.add(comparing)
        remembered.set(key, comparing)
      }
      comparing.then((matches) => (matches ? remember() : forget()), forget)
      return comparing
    },

    remembers(password, hash) {
      const known = remembered.get(keyOf(password, hash))
      return known !== undefined && right.has(known)
    },

    close: () => jobs.close(),
  }
}

/** A queue in front of one worker thread. */
export interface PasswordJobs {
  /** Throws `too_many_requests` while `maxWaiting` wait, `unavailable` when the thread died or was closed. */
  run(job: Omit<PasswordJob, 'id'>): Promise<PasswordResult>
  close(): Promise<void>
}

/** One thread, started with the first job; it does not keep the process alive while it has nothing to do. */
export function passwordJobs(): PasswordJobs {
  const waiting = new Map<number, PromiseWithResolvers<PasswordResult>>()
  let worker: Worker | undefined
  let lastId = 0

  function start(): Worker {
    const started = startWorker('password', undefined)
    started.on('message', (result: PasswordResult) => {
      waiting.get(result.id)?.resolve(result)
      waiting.delete(result.id)
      if (waiting.size === 0) started.unref()
    })
    started.on('error', (err) => stopped(started, err))
    started.on('exit', () => stopped(started, undefined))
    return started
  }

  function stopped(which: Worker, cause: unknown): void {
    if (worker !== which) return
    worker = undefined
    const failure = new RegistryError('unavailable', 'Passwords cannot be checked right now.', {}, { cause })
    for (const job of waiting.values()) job.reject(failure)
    waiting.clear()
  }

  return {
    async run(job) {
      if (waiting.size >= maxWaiting) {
        throw new RegistryError('too_many_requests', 'Too many sign-ins are waiting. Try again later.', {
          retryAfterSeconds: Math.ceil(maxWaiting * jobSeconds),
        })
      }
      worker ??= start()
      const id = ++lastId
      const answer = Promise.withResolvers<PasswordResult>()
      waiting.set(id, answer)
      worker.ref()
      worker.postMessage({ id, ...job })
      return answer.promise
    },

    async close() {
      await worker?.terminate()
    },
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field: 'password' })
}
