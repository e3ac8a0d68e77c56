import { parentPort } from 'node:worker_threads'
import { compareSync, hashSync } from 'bcryptjs'

/** What the worker is asked: to hash a password, or to compare it with a hash. */
export interface PasswordJob {
  readonly id: number
  readonly password: string
  /** Absent: hash the password. */
  readonly hash?: string
}

/** What it answers: the hash, or whether they match. */
export interface PasswordResult {
  readonly id: number
  readonly hash?: string
  readonly matches?: boolean
}

const cost = 12

parentPort?.on('message', ({ id, password, hash }: PasswordJob) => {
  const result: PasswordResult =
    hash === undefined ? { id, hash: hashSync(password, cost) } : { id, matches: compareSync(password, hash) }
  parentPort?.postMessage(result)
})
