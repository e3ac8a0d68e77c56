import assert from 'node:assert/strict'
import type { Visibility } from '../metadata/access-schema.ts'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { openTestApp, type TestApp } from '../testing/app.ts'

/** A place of one package, as open as its organization and its repository are. */
export interface Place {
  readonly organization: string
  readonly repository: string
  readonly package: string
  readonly shown: readonly [organization: Visibility, repository: Visibility]
}

/** A server with a package in a repository of each visibility in an organization of each. */
export interface Places extends AsyncDisposable {
  readonly t: TestApp
  readonly places: readonly Place[]
  /** By name: tokens of an outsider, of a robot and of a member of the organization of that name. */
  readonly tokens: Readonly<Record<string, string>>
}

const visibilities: readonly Visibility[] = ['public', 'internal', 'private']

/** Opens it. */
export async function openPlaces(): Promise<Places> {
  const t = await openTestApp()
  const { access } = t
  const owner = await t.aUser('owner')
  const { text: as } = await t.aToken(owner)
  const tokens: Record<string, string> = { outsider: (await t.aToken(await t.aUser('outsider'))).text }
  const places: Place[] = []
  for (const organizationShown of visibilities) {
    const name = `${organizationShown}-organization`
    const organization = await access.organizations.create({ name, visibility: organizationShown, ownerId: owner.id })
    const member = await t.aUser(`member-${organizationShown}`)
    await access.organizations.setMember(organization.id, member.id, 'member')
    tokens[name] = (await t.aToken(member)).text
    const robot = await access.robots.create({ organizationId: organization.id, name: 'robot' })
    tokens['robot'] = (await t.aToken(robot)).text
    for (const visibility of visibilities) {
      const place = { organization: name, repository: visibility, package: `wombat-${organizationShown}-${visibility}` }
      const organizationId = organization.id
      await access.repositories.create({
        organizationId,
        protocol: 'npm',
        name: visibility,
        visibility,
        createdBy: owner.id,
      })
      const { body } = aPublishBody(place.package, '1.0.0')
      const answer = await t.request('PUT', `/npm/${name}/${visibility}/${place.package}`, { as, body })
      assert.equal(answer.status, 201)
      places.push({ ...place, shown: [organizationShown, visibility] })
    }
  }
  return { t, places, tokens, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}
