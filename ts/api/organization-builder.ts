import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { openTestApi, type TestApi, type Told } from './testing.ts'

type Person = Awaited<ReturnType<TestApi['someone']>>

/** Who asks, in the order of the columns of a table; each by its token. */
export const askers = ['anonymous', 'stranger', 'robot', 'member', 'maintainer', 'admin', 'owner', 'root'] as const
type Asker = (typeof askers)[number]

/**
 * An organization `acme` with its team `web`, its robot `ci`, its private npm repository `tools`, and one of each office;
 * `maintainer` is a member who maintains the team. `other` is another organization, that the owner owns, too.
 */
export async function openTestOrganization() {
  const t = await openTestApi()
  const [root, owner, admin, member, maintainer, stranger] = [
    await t.someone('root', { isPlatformAdmin: true }),
    await t.someone('owner'),
    await t.someone('admin'),
    await t.someone('member'),
    await t.someone('maintainer'),
    await t.someone('stranger'),
  ] as const
  const { access } = t
  const acme = await access.organizations.create({ name: 'acme', ownerId: owner.id })
  const other = await access.organizations.create({ name: 'other', ownerId: owner.id })
  await access.organizations.setMember(acme.id, admin.id, 'admin')
  for (const { id } of [member, maintainer]) await access.organizations.setMember(acme.id, id, 'member')
  const web = await access.teams.create({ organizationId: acme.id, name: 'web' })
  await access.teams.setMember(web.id, maintainer.id, 'maintainer')
  const ci = await access.robots.create({ organizationId: acme.id, name: 'ci' })
  const place = { organizationId: acme.id, protocol: 'npm', name: 'tools' }
  const tools = await access.repositories.create({ ...place, createdBy: owner.id })
  const people: Record<Exclude<Asker, 'anonymous' | 'robot'>, Person> = {
    root,
    owner,
    admin,
    member,
    maintainer,
    stranger,
  }
  const tokens: Record<Asker, string | undefined> = {
    anonymous: undefined,
    stranger: stranger.token,
    robot: (await t.aToken(ci)).text,
    member: member.token,
    maintainer: maintainer.token,
    admin: admin.token,
    owner: owner.token,
    root: root.token,
  }
  return {
    t,
    access,
    acme,
    other,
    web,
    ci,
    tools,
    ...people,
    tokens,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}
export type TestOrganization = Awaited<ReturnType<typeof openTestOrganization>>

/** A request, and the status for each of `askers`. */
export type Row = readonly [title: string, asking: Asking, ...statuses: number[]]
/** Makes what is asked for anew, so that each asker finds the same; resolves to the request's line and body. */
type Asking = (s: TestOrganization) => Promise<readonly [line: string, body?: object]>

/** Asks each row's request as everybody, and compares. */
export async function checkRows(context: TestContext, rows: readonly Row[]): Promise<void> {
  await using s = await openTestOrganization()
  for (const [title, asking, ...expected] of rows) {
    await context.test(title, async () => {
      const told: number[] = []
      for (const asker of askers) {
        const [line, body] = await asking(s)
        told.push((await s.t.ask(line, { as: s.tokens[asker], body })).status)
      }
      assert.deepEqual(told, expected)
    })
  }
}

/** What a stranger can tell of an answer, without the id of the request. */
export function told({ status, headers, body: { requestId: _, ...body } }: Told): unknown {
  return [status, [...headers.keys()], body]
}
