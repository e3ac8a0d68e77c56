import type { MiddlewareHandler } from 'hono'
import { RegistryError } from '../errors.ts'

/** Bodies up to this size are no uploads: they come and go in one read. */
const smallBytes = 64 * 1024

export interface UploadGate {
  /** Runs the handler in one of the places, or throws `too_many_requests` with `retryAfterSeconds`. */
  readonly middleware: MiddlewareHandler
  /** How many uploads run now. */
  running(): number
}

/**
 * Bounds the uploads that run at a time in this process: requests with a body of more than 64 KiB, or of a length
 * that they do not tell. Mount it where errors are rendered for the client, below authentication, with another one
 * for strangers, so that they take no place of uploads.
 */
export function uploadGate({ maxConcurrentUploads }: { readonly maxConcurrentUploads: number }): UploadGate {
  let running = 0
  const middleware: MiddlewareHandler = async (c, next) => {
    if (!isUpload(c.req.method, (name) => c.req.header(name))) return next()
    if (running >= maxConcurrentUploads) throw tooMany(maxConcurrentUploads)
    running++
    try {
      await next()
    } finally {
      running--
    }
  }
  return { middleware, running: () => running }
}

function isUpload(method: string, header: (name: string) => string | undefined): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) > smallBytes
}

function tooMany(max: number): RegistryError {
  const message = `${max} uploads are running already (MAX_CONCURRENT_UPLOADS); try again in a few seconds`
  return new RegistryError('too_many_requests', message, { retryAfterSeconds: 5 })
}
