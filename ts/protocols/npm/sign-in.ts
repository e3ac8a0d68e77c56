import { actorOf } from '../../access/principal.ts'
import { allActions } from '../../access/tokens.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import { readJson } from '../../http/body.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { endsItself } from './credentials.ts'
import { type NpmContext, requireSignedIn, requireUser, textProperty } from './place.ts'

const userPrefix = 'org.couchdb.user:'

/**
 * Signing in as npm does it: `POST /-/v1/login` and polling (npm 9 and later, `--auth-type=web`), else the couch
 * endpoints (`--auth-type=legacy`, Yarn 4, old clients). While sign-up is off, a PUT for a new name answers like one
 * for a taken name, so that nobody learns which names exist.
 */
export function signIn({ access, limits }: ProtocolDeps) {
  return {
    /** Body: anything; answer: where the person goes and where the client polls. Both are on this origin. */
    async startWebLogin(c: NpmContext) {
      const client = c.req.header('user-agent') ?? 'an npm client'
      const address = c.var.external.clientAddress
      const { code, pollSecret } = await access.loginRequests.start({ client, address })
      const { base, origin } = c.var.address
      return c.json({ loginUrl: `${origin}/ui/login/${code}`, doneUrl: `${base}/-/v1/done/${pollSecret}` })
    },

    /** 202 with Retry-After while nobody has answered, the token once, 404 ever after. */
    async pollWebLogin(c: NpmContext) {
      const collected = await access.loginRequests.collect(c.req.param('secret') ?? '')
      if (collected.state === 'ready') return c.json({ token: collected.token })
      if (collected.state === 'pending') return c.json({}, 202, { 'retry-after': '2' })
      throw new RegistryError('token_unknown', 'This login was denied, has expired or was used: run "npm login" again.')
    },

    /**
     * Without Basic credentials: 409 for every name, so that nobody learns which exist; the client goes on with
     * `?write=true` and then this path with `-rev` and Basic credentials (npm 11 and 12, Yarn 4). While sign-up is on, a
     * body with an e-mail address makes an account: `npm adduser` sends one, `npm login` does not.
     */
    async couchLogin(c: NpmContext) {
      const name = couchName(c)
      const { principal } = c.var
      if (principal.kind === 'anonymous') {
        // The body is read so that a wrong one is refused as such, and the client can hear the answer.
        const body = await readJson(c, limits)
        requireSameName(body, name)
        const user = await signedUp(c, name, body)
        return loggedIn(c, user.id, user.value.username)
      }
      const { token } = principal
      const { user } = requireUser(c)
      if (token || user.value.usernameKey !== name.toLowerCase()) {
        throw new RegistryError('credentials_invalid', 'Sign in with the username and password of this user.')
      }
      return loggedIn(c, user.id, user.value.username)
    },

    /**
     * `npm owner add` asks for a user's name and address, signed in. With `?write=true` it is the middle of a login,
     * which npm 11 asks anonymously: the answer is then the same for every name.
     */
    async couchUser(c: NpmContext) {
      const name = couchName(c)
      const document = { _id: userPrefix + name, _rev: '1', name, type: 'user', roles: [] }
      if (c.var.principal.kind === 'anonymous' && c.req.query('write') === 'true') return c.json(document)
      const { user: asking } = requireUser(c)
      const user = await access.users.findByUsername(name)
      if (!user) throw new RegistryError('user_unknown', `There is no user "${name.slice(0, 64)}".`)
      const { username } = user.value
      // An address is told to its owner and to administrators; npm does without it.
      const email = user.id === asking.id || asking.value.isPlatformAdmin ? user.value.email : ''
      return c.json({ ...document, _id: userPrefix + username, name: username, email })
    },

    /**
     * The token that came along is ended, whether it works still or not: npm keeps it in `.npmrc` until this succeeds.
     * Another one is revoked for its user.
     */
    async logout(c: NpmContext) {
      const text = c.req.param('token') ?? ''
      if (endsItself(c.req.raw)) return endOwn(c, text)
      const { user } = requireUser(c)
      const token = await access.tokens.find(text)
      if (!token) throw new RegistryError('token_unknown', 'There is no such token.')
      try {
        await access.tokens.revoke(user.id, token.id)
      } catch (err) {
        if (!hasCode(err, 'token_unknown')) throw err
        throw new RegistryError('token_unknown', 'There is no such token.')
      }
      return c.json({ ok: true })
    },

    whoami: (c: NpmContext) => c.json({ username: actorOf(requireSignedIn(c)).name }),
  }

  async function endOwn(c: NpmContext, token: string) {
    try {
      c.set('principal', await access.authenticate({ kind: 'token', token }, c.var.external.clientAddress))
    } catch (err) {
      // Expired, revoked or of a disabled user: to end it, it needs no right.
      if (!hasCode(err, 'credentials_invalid')) throw err
    }
    if (c.var.principal.kind === 'robot') requireUser(c)
    await access.tokens.endSecret(token)
    return c.json({ ok: true })
  }

  async function signedUp(c: NpmContext, username: string, body: unknown) {
    const email = textProperty(body, 'email')
    const isOn = (await access.platformSettings.inForce()).signUp
    if (!isOn || !email) {
      const message = isOn
        ? 'Sign in with the username and password of an existing user; "npm adduser --auth-type=legacy" makes one.'
        : 'Sign-up is off; sign in with the username and password of an existing user.'
      throw new RegistryError('name_taken', message, { field: 'name' })
    }
    const password = textProperty(body, 'password') ?? ''
    return access.signUp({ username, email, password, address: c.var.external.clientAddress })
  }

  async function loggedIn(c: NpmContext, userId: string, username: string) {
    const name = `npm login: ${(c.req.header('user-agent') ?? 'npm').replace(/[^ -~]/g, ' ')}`.slice(0, 100)
    const { text } = await access.tokens.create({ userId, name, actions: allActions, shortened: true })
    const id = userPrefix + username
    return c.json({ ok: `you are authenticated as '${username}'`, id, rev: '1', token: text }, 201)
  }
}

function requireSameName(body: unknown, name: string) {
  const sent = textProperty(body, 'name')
  if (sent === undefined || sent === name) return
  throw new RegistryError('payload_invalid', `The body names "${sent}", the address "${name}".`, { field: 'name' })
}

/** The user of `org.couchdb.user:<name>`. */
function couchName(c: NpmContext): string {
  const id = c.req.param('user') ?? ''
  if (!id.startsWith(userPrefix)) {
    throw new RegistryError('route_unknown', `Users are addressed as ${userPrefix}NAME.`)
  }
  return id.slice(userPrefix.length)
}
