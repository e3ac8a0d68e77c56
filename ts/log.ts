import pino, { type DestinationStream, type Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { LogLevel } from './config.ts'

/** The structured log; see `createLog`. */
export type Log = Logger

export interface LogOptions {
  readonly level: LogLevel
  /** Coloured lines for a person instead of one JSON object a line. */
  readonly pretty: boolean
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream
}

const hidden = '[redacted]'

/** Each rule keeps what names the secret and drops the secret. They run on the finished line, so that a secret in a
 *  message, a stack, a nested object or a URL is caught alike. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/\bsrg_[\w-]+/g, hidden],
  [
    /("(?:authorization|proxy-authorization|cookie|set-cookie|npm-otp|otp|\w*password|\w*token|\w*secret)":)(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\])/gi,
    `$1"${hidden}"`,
  ],
  [/\b(authorization:\s*\w+\s+)[\w.~+/=-]+/gi, `$1${hidden}`],
  [/\b(Bearer|Basic)(\s+)[\w.~+/=-]{16,}/gi, `$1$2${hidden}`],
  [/([?&](?:access_|id_|refresh_)?(?:token|password|secret|otp|code|key|signature)=)[^&"\s\\#]+/gi, `$1${hidden}`],
  [/(\/token\/)[^/?"\s\\#]+/g, `$1${hidden}`],
  // Whoever knows it can collect the token that `npm login` waits for.
  [/(\/-\/v1\/done\/)[^/?"\s\\#]+/g, `$1${hidden}`],
  [/(:\/\/[^/:@\s"]*:)[^/@\s"]+@/g, `$1${hidden}@`],
]

/** The text with tokens, passwords, cookies and one-time codes taken out. */
export function redact(text: string): string {
  let out = text
  for (const [pattern, replacement] of rules) out = out.replace(pattern, replacement)
  return out
}

/**
 * The process's log. Lines are written by the calling thread: a worker transport would have to load files that a
 * single executable does not carry.
 */
export function createLog(options: LogOptions): Log {
  const sink = options.stream ?? pino.destination({ fd: 1, sync: true })
  return pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: redact } },
    options.pretty ? prettyStream(sink, options.stream === undefined) : sink,
  )
}

function prettyStream(sink: DestinationStream, colorize: boolean): DestinationStream {
  const format = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l' })
  return { write: (line) => sink.write(format(line) ?? '') }
}
