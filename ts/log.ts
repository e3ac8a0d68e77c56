import type { Logger } from 'pino'

/** The structured log; see `createLog`. */
export type Log = Logger
