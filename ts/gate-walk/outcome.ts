import { statusOf } from '../errors.ts'
import type { Outcome } from './model.ts'

/** An answer, read to its end. */
export interface Told {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly text: string
  /** The code of the error that it tells, of images the specification's; `''` when it tells none. */
  readonly code: string
}

/** Reads an answer to its end. What differs from one request to the next, and from one second to the next, is left out. */
export async function toldBy(response: Response): Promise<Told> {
  const text = await response.text()
  const headers = [...response.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date')
  return { status: response.status, headers, text: text.replace(/"requestId":"[^"]*"/, ''), code: codeOf(text) }
}

function codeOf(text: string): string {
  if (!text.startsWith('{')) return ''
  const { code, errors } = JSON.parse(text) as { code?: unknown; errors?: unknown }
  if (typeof code === 'string' && Object.hasOwn(statusOf, code)) return code
  return code === undefined && Array.isArray(errors) ? String(errors[0]?.code ?? '') : ''
}

/** `404 package_unknown`, `200`: the status, and the code of an error. */
export function inShort({ status, code }: Pick<Told, 'status' | 'code'>): string {
  return code === '' ? `${status}` : `${status} ${code}`
}

/**
 * How the request ended. `done`: what those are answered who may; `unknown`: the codes of what does not exist. Anything
 * that is none of the outcomes is told as it is.
 */
export function outcomeOf(
  told: Told,
  { done, unknown }: { done: string; unknown: string | readonly string[] },
): Outcome | string {
  const short = inShort(told)
  if (short === done) return 'allowed'
  if ([unknown].flat().includes(told.code)) return 'unknown'
  if (short === '403 access_denied' || short === '403 DENIED') return 'denied'
  // Pages lead to the one where people sign in.
  if (short === '401 auth_required' || short === '401 UNAUTHORIZED' || short === '303') return 'sign in first'
  if (short === '401 credentials_invalid') return 'credentials invalid'
  return short
}
