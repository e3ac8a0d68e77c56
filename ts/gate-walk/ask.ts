import type { Kind } from './model.ts'
import { type Told, toldBy } from './outcome.ts'
import type { Sent } from './row.ts'
import type { World } from './world.ts'

/** Sends the request with what this kind of principal carries. */
export async function ask({ t, credentials }: World, kind: Kind, sent: Sent): Promise<Told> {
  const { headers = {}, csrf = '' } = credentials.get(kind.name) ?? {}
  const { method, path, form, body } = sent
  const answer = await t.app.request(`http://registry.example.com${path}`, {
    method,
    headers: { ...headers, ...sent.headers, ...(form && formType), ...(body !== undefined && jsonType) },
    ...(form && { body: new URLSearchParams({ csrf, ...form }).toString() }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return toldBy(answer)
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' }
const jsonType = { 'content-type': 'application/json' }
