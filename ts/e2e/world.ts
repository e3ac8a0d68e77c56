import { npmRequests } from './npm-requests.ts'

/** A request, its body sent as JSON. */
export interface ApiRequest {
  /** `GET /api/v1/auth/me`. */
  readonly line: string
  /** A token; absent: anonymous. */
  readonly as?: string
  readonly body?: unknown
}

export interface Person {
  readonly id: string
  readonly username: string
  readonly token: string
}

/** What cases arrange with: everything is made at one server, by the administrator. */
export interface World {
  readonly admin: string
  /** The body of an answer that must be a success. */
  ask(line: string, body?: unknown, as?: string): Promise<unknown>
  /** A new user and a token of it that may do all that it may. */
  person(more?: { readonly isPlatformAdmin?: boolean }): Promise<Person>
  /** A new organization with the private npm repository `npm`, in which there is the package `thing`. */
  organization(): Promise<string>
  /** Version 1.0.0 of a package in that repository. */
  publish(organization: string, name: string): Promise<void>
}

const password = 'correct horse battery'

/** A world at the server with this address, where this token is an administrator's. */
export function openWorld(url: string, admin: string): World {
  let made = 0

  const ask: World['ask'] = async (line, body, as = admin) => {
    const answer = await send(url, { line, as, body })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${line} answered ${answer.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  const publish: World['publish'] = async (organization, name) => {
    const status = await npmRequests(`${url}/npm/${organization}/npm`, admin).publish(name, '1.0.0')
    if (status !== 201) throw new Error(`publishing ${name} to ${organization} answered ${status}`)
  }

  return {
    admin,
    ask,
    async person(more = {}) {
      const username = `person-${++made}`
      const { id } = (await ask('POST /api/v1/users', {
        username,
        email: `${username}@example.com`,
        password,
        ...more,
      })) as Person
      return { id, username, token: await npmLogin(url, username) }
    },
    async organization() {
      const name = `company-${++made}`
      await ask('POST /api/v1/organizations', { name })
      await publish(name, 'thing')
      return name
    },
    publish,
  }
}

/** Sends it to the server with this address. */
export function send(url: string, { line, as, body }: ApiRequest): Promise<Response> {
  const [method = '', path = ''] = line.split(' ')
  return fetch(url + path, {
    method,
    headers: {
      ...(as !== undefined && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function npmLogin(url: string, username: string): Promise<string> {
  const authorization = `Basic ${btoa(`${username}:${password}`)}`
  const path = `/-/user/org.couchdb.user:${username}/-rev/1`
  const answer = await fetch(url + path, { method: 'PUT', headers: { authorization }, body: '{}' })
  if (!answer.ok) throw new Error(`${username} could not sign in: ${answer.status} ${await answer.text()}`)
  const { token }: { token: string } = JSON.parse(await answer.text())
  return token
}
