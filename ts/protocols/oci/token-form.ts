import { addressKey } from '../../access/sign-in-throttle.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import { type BodyLimits, readWhole } from '../../http/body.ts'
import type { OciContext } from './place.ts'

/** User names and passwords may be kilobytes long, and there may be fifty scopes. */
const maxBytes = 256 * 1024
const formLimit = { maxBytes, what: 'A request for a token' }
/** A form comes with its request, so places are for those that are under way. */
const maxAtOnce = 100
const maxOfAddress = 20

/**
 * Reads requests for tokens, which strangers send before anybody knows them: a hundred at a time, twenty of one address
 * (IPv6: one /64), each within a few seconds. Throws `media_type_unsupported` for what is no form, `payload_too_large`,
 * `upload_too_slow`, and `too_many_requests` with `retryAfterSeconds`.
 */
export function tokenForms(limits: BodyLimits, seconds = 5): (c: OciContext) => Promise<URLSearchParams> {
  const places = new Map<string, number>()
  let running = 0
  // More than a form has: the wait for a whole one is one window.
  const bounds = { ...limits, uploadRateWindowSeconds: seconds, minUploadBytesPerSecond: (2 * maxBytes) / seconds }

  async function placed<T>(address: string, work: () => Promise<T>): Promise<T> {
    const key = addressKey(address)
    const ofAddress = places.get(key) ?? 0
    if (running >= maxAtOnce || ofAddress >= maxOfAddress) throw tooMany()
    running++
    places.set(key, ofAddress + 1)
    try {
      return await work()
    } finally {
      running--
      const left = (places.get(key) ?? 1) - 1
      if (left > 0) places.set(key, left)
      else places.delete(key)
    }
  }

  return async (c) => {
    requireForm(c)
    try {
      const bytes = await placed(c.var.external.clientAddress, () => readWhole(c, bounds, formLimit))
      return new URLSearchParams(Buffer.from(bytes).toString())
    } catch (err) {
      if (!hasCode(err, 'upload_too_slow')) throw err
      throw new RegistryError('upload_too_slow', `A request for a token must come within ${seconds} seconds.`)
    }
  }
}

function requireForm(c: OciContext): void {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === undefined || type === '' || type === 'application/x-www-form-urlencoded') return
  const message = 'A request for a token is a form: send application/x-www-form-urlencoded.'
  throw new RegistryError('media_type_unsupported', message, { field: 'Content-Type' })
}

function tooMany(): RegistryError {
  const message = 'Too many requests for tokens are on their way already; try again in a second.'
  return new RegistryError('too_many_requests', message, { retryAfterSeconds: 1 })
}
