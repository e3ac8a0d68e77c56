import type { Client, ClientHome } from '../testing/clients.ts'
import { openImageHome } from '../testing/image-clients.ts'
import { startRoundRobin } from '../testing/round-robin.ts'
import { adminPassword, type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { openTwoReplicas } from './two-replicas.ts'
import { openWorld } from './world.ts'

/** What a client is told when it signs in. */
export interface Login {
  readonly username: string
  readonly password: string
}

/**
 * A server with images to be. The organization `acme` has the OCI repositories `containers`, which is private and moves
 * no tags that match `kept-*`, and `open`, which is public; its default one is made by who pushes to it first.
 */
export interface ImageWorld {
  /** As image names begin: `127.0.0.1:40123`. */
  readonly host: string
  readonly url: string
  /** The administrator, by a token as password. */
  readonly admin: Login
  /** Who pushes and deletes in both repositories, by a password. */
  readonly maintainer: Login
  /** The same person, by a token. */
  readonly maintainerToken: Login
  /** Who may only read `containers`. */
  readonly reader: Login
  /** Answers of the server, asked by this person: `GET /v2/acme/containers/app/tags/list`. */
  ask(line: string, as: Login): Promise<Response>
}

export interface ImageServer extends ImageWorld, AsyncDisposable {
  readonly server: ServerProcess
}

/** A server of its own, in a process; see `ImageWorld`. */
export async function startImageServer(env: Readonly<Record<string, string>> = {}): Promise<ImageServer> {
  const server = await startServerProcess({ env })
  try {
    const world = await arrangeImages(server.url, await server.adminToken())
    return { ...world, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  } catch (err) {
    await server[Symbol.asyncDispose]()
    throw err
  }
}

/**
 * The same at two replicas on MongoDB and S3, whose requests go to one and the other by turns: no two of an upload meet
 * the same process.
 */
export async function startImageReplicas(): Promise<ImageWorld & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  const { servers } = opened.use(await openTwoReplicas())
  const { url } = opened.use(await startRoundRobin(servers.map((server) => server.url)))
  const world = await arrangeImages(url, await servers[0].adminToken())
  const kept = opened.move()
  return { ...world, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Makes organization, repositories and people at a server whose administrator has this token. */
export async function arrangeImages(url: string, adminToken: string): Promise<ImageWorld> {
  const { ask, person } = openWorld(url, adminToken)
  await ask('POST /api/v1/organizations', { name: 'acme' })
  const made = async (name: string, visibility: string, immutableTags: readonly string[] = []) => {
    const repository = { protocol: 'oci', name, visibility, immutableTags }
    return ((await ask('POST /api/v1/organizations/acme/repositories', repository)) as { id: string }).id
  }
  const [containers, open] = [await made('containers', 'private', ['kept-*']), await made('open', 'public')]
  const [maintainer, reader] = [await person(), await person()]
  const permit = (repository: string, { id }: { id: string }, role: string) =>
    ask(`PUT /api/v1/repositories/${repository}/permissions/${id}`, { role })
  for (const repository of [containers, open]) await permit(repository, maintainer, 'maintainer')
  await permit(containers, reader, 'reader')
  return {
    host: new URL(url).host,
    url,
    admin: { username: 'token', password: adminToken },
    maintainer: { username: maintainer.username, password: adminPassword },
    maintainerToken: { username: 'token', password: maintainer.token },
    reader: { username: 'token', password: reader.token },
    async ask(line, as) {
      const [method = '', path = ''] = line.split(' ')
      return fetch(url + path, { method, headers: { authorization: basic(as) } })
    },
  }
}

/** An empty home in which nobody is signed in, or these are, as if the client had been told. */
export async function imageHome(
  client: Client,
  { host }: Pick<ImageWorld, 'host'>,
  login?: Login,
): Promise<ClientHome> {
  const home = await openImageHome(client)
  const credentials = login && { auths: { [host]: { auth: basic(login).slice('Basic '.length) } } }
  for (const file of ['docker/config.json', 'auth.json']) await home.write(file, credentials ?? {})
  return home
}

function basic({ username, password }: Login): string {
  return `Basic ${btoa(`${username}:${password}`)}`
}
