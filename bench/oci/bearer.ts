import type { Contestant } from '../contestants/contestant.ts'

/**
 * The headers with which clients pull after they asked the token service that the challenge names: a signed token for
 * pulling this image. It lasts for minutes.
 */
export async function bearerHeaders(contestant: Contestant, image: string): Promise<Record<string, string>> {
  const challenged = await fetch(new URL('/v2/', contestant.registry))
  const challenge = challenged.headers.get('www-authenticate') ?? ''
  await challenged.arrayBuffer()
  const realm = challenge.match(/realm="([^"]+)"/)?.[1]
  if (realm === undefined) throw new Error(`${contestant.name} challenges with "${challenge}", which names no realm`)
  const url = new URL(realm)
  url.searchParams.set('service', challenge.match(/service="([^"]+)"/)?.[1] ?? '')
  const repository = new URL(contestant.registry).pathname.replace('/v2/', '')
  url.searchParams.set('scope', `repository:${repository}/${image}:pull`)
  const secret = contestant.headers['authorization']?.replace('Bearer ', '') ?? ''
  const authorization = `Basic ${Buffer.from(`token:${secret}`).toString('base64')}`
  const response = await fetch(url, { headers: { authorization } })
  const said = await response.text()
  if (!response.ok) throw new Error(`the token service answered ${response.status} ${said.slice(0, 200)}`)
  return { authorization: `Bearer ${JSON.parse(said).token}` }
}
