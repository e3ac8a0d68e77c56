import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { problem } from '../../ts_interfaces/problem.ts'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { openTestOrganization, type TestOrganization } from './organization-builder.ts'

/** What the description says of a value; parts of JSON Schema. */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly body: Schema | undefined
  readonly statuses: readonly number[]
}

/** Texts as they stand in JSON: half a surrogate pair has no other form. */
const oddTexts = [
  '"\\u0000"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u202e\\ufeff"',
  '"__proto__"',
  '"  "',
  '""',
  JSON.stringify('a'.repeat(100_000)),
]
const oddNumbers = ['1e400', '-1e400', '-1', '0.5', '9007199254740993', '1e308']
/** Fields that take no made-up text. */
const usual: Readonly<Record<string, unknown>> = {
  protocol: 'npm',
  user: 'stranger',
  member: 'member',
  versions: ['1.0.0'],
}
/** As they stand in an address. */
const oddSegments = [
  '%00',
  '%0a',
  '%ff',
  '%ed%a0%80',
  '%f0%9f%98%80',
  '__proto__',
  '%2e%2e',
  '%2f',
  'a'.repeat(5_000),
  'x',
]
const oddHeaders: readonly (readonly [string, string])[] = [
  ...['*', '', '"', '"1', 'W/"1"', '"1", *', 'x'.repeat(4_000)].map((value) => ['if-match', value] as const),
  ...['', 'x'.repeat(256), 'ä'].map((value) => ['idempotency-key', value] as const),
  ...['application/json; charset=utf-16', 'text/plain', ''].map((value) => ['content-type', value] as const),
  ...['br', 'gzip', 'gzip, gzip'].map((value) => ['content-encoding', value] as const),
  ...['Bearer', 'Bearer x y', 'Basic', 'Basic !!!', 'Basic OjpA', 'Digest x', 'x'].map(
    (value) => ['authorization', value] as const,
  ),
  ['cookie', 'stowage_session=%00; stowage_session=x'],
]

describe('whatever an operation is sent, its answer is one of those that are described, and no fault', () => {
  let s: TestOrganization
  let as: string
  let operations: readonly Operation[]
  let schemas: Readonly<Record<string, Schema>>
  let known: Readonly<Record<string, string>>

  before(async () => {
    s = await openTestOrganization()
    as = s.root.token
    const document = JSON.parse(await (await s.t.request('GET', '/api/v1/openapi.json')).text())
    schemas = document.components.schemas
    operations = operationsOf(document.paths)
    known = await knownNames(s)
  })
  after(() => s[Symbol.asyncDispose]())
  // Else all that followed was asked by nobody.
  afterEach(async () => assert.equal((await s.t.ask('GET /auth/me', { as })).status, 200))

  test('names and ids in the path', async () => {
    for (const operation of operations.filter(({ path }) => path.includes('{'))) {
      for (const segment of oddSegments) await send(operation, { segment })
    }
  })

  test('parameters of the query', async () => {
    for (const operation of operations) {
      for (const { name } of operation.parameters.filter((each) => each.in === 'query')) {
        for (const value of [...oddSegments, ...oddNumbers]) await send(operation, { query: `${name}=${value}` })
        for (const cursor of oddCursors) await send(operation, { query: `${name}=${cursor}` })
      }
    }
  })

  test('fields of the body', async () => {
    for (const operation of operations) {
      for (const body of operation.body ? oddBodies(operation.body) : []) await send(operation, { body })
    }
  })

  test('headers', async () => {
    for (const operation of operations) {
      const body = operation.body && JSON.stringify(sample(operation.body))
      for (const [name, value] of oddHeaders) {
        await send(operation, { ...(body !== undefined && { body }), headers: { [name]: value } })
      }
    }
  })

  interface Odd {
    readonly segment?: string
    readonly query?: string
    readonly body?: string
    readonly headers?: Readonly<Record<string, string>>
  }

  async function send({ method, path, statuses }: Operation, { segment, query, body, headers }: Odd): Promise<void> {
    const isAboutAll = method === 'DELETE' && body === undefined
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      return segment ?? (isAboutAll ? 'x' : known[name === 'id' ? (path.split('/')[1] ?? '') : name]) ?? 'x'
    })
    const address = `${filled}${query === undefined ? '' : `?${query}`}`
    const answer = await s.t.request(method, `/api/v1${address}`, {
      as,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: Buffer.from(body) }),
    })
    const text = await answer.text()
    const sent = `${method} ${address.slice(0, 200)} ${JSON.stringify(headers)} ${body?.slice(0, 200)}: ${text.slice(0, 300)}`
    // A path with more or fewer slashes is another path, or none.
    if (segment?.startsWith('%2') && [404, 405].includes(answer.status)) return
    assert.ok(answer.status < 500 && statuses.includes(answer.status), `${answer.status} to ${sent}`)
    if (answer.status >= 400) assert.equal(problem.parse(JSON.parse(text)).status, answer.status)
  }

  /** What is required, with one field odd, and another, and another; and bodies that are no object. */
  function oddBodies(schema: Schema): string[] {
    const fields = Object.entries(resolved(schema).properties ?? {})
    const good = Object.entries(sample(schema) as object)
    const whole = Object.fromEntries(good.map(([name, value]) => [name, JSON.stringify(value)]))
    const odd = fields.flatMap(([name, field]) => {
      return oddValues(resolved(field)).map((value) => ({ ...whole, [name]: value }))
    })
    const written = odd.map((body) => `{${Object.entries(body).map(([name, value]) => `"${name}":${value}`)}}`)
    return [...written, 'null', '[]', '""', '{"__proto__":{}}', '{', '\u0000']
  }

  function oddValues(field: Schema): string[] {
    if (field.items) return oddValues(resolved(field.items)).map((value) => `[${value}]`)
    return [...oddTexts, ...oddNumbers, 'null', '{}', '[[]]']
  }

  function sample(schema: Schema): unknown {
    const { type, properties, required = [], items, format, enum: known } = resolved(schema)
    if (known) return known[0]
    if (properties) {
      return Object.fromEntries(required.map((name) => [name, usual[name] ?? sample(properties[name] ?? {})]))
    }
    if (items) return [sample(items)]
    if (format === 'date-time') return '2030-01-01T00:00:00Z'
    if (format === 'email') return 'jane@example.com'
    const first = typeof type === 'string' ? type : type?.[0]
    return first === 'boolean' ? false : first === 'integer' || first === 'number' ? 1 : 'a-sample-that-is-long'
  }

  function resolved(schema: Schema): Schema {
    if (schema.$ref !== undefined) return resolved(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
    return schema.anyOf?.[0] ? resolved(schema.anyOf[0]) : schema
  }
})

/** One of everything: by the name of its parameter, `{id}` by the first segment of the path. */
async function knownNames({ t, acme, web, ci, tools, member, maintainer, root }: TestOrganization) {
  const published = await t.request('PUT', '/npm/acme/tools/lib', {
    as: root.token,
    body: aPublishBody('lib', '1.0.0').body,
  })
  assert.equal(published.status, 201)
  const { body } = await t.ask(`GET /packages?repository=${tools.id}`, { as: root.token })
  const made = await t.ask('POST /tokens', { as: root.token, body: { name: 'spare', actions: ['read'] } })
  return {
    organizations: acme.id,
    users: member.id,
    userId: member.id,
    memberId: maintainer.id,
    holderId: member.id,
    teams: web.id,
    robotId: ci.id,
    tokenId: made.body.token.id,
    repositories: tools.id,
    repositoryId: tools.id,
    packages: body.items[0].id,
    version: '1.0.0',
    name: 'downloads',
  }
}

/** What decodes to something like the position that a cursor holds. */
const oddCursors = ['[]', '[null]', '[1e999,"x"]', '["\\ud800","x"]', '{}', '[[],"x"]', '["x","x","x"]', '"'].map(
  (text) => Buffer.from(text).toString('base64url'),
)

type Paths = Readonly<Record<string, Readonly<Record<string, Described>>>>

interface Described {
  readonly parameters?: Operation['parameters']
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

function operationsOf(paths: Paths): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      statuses: Object.keys(responses).map(Number),
    })),
  )
}
