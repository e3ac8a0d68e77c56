import assert from 'node:assert/strict'
import { openTestApp, type TestApp } from '../../testing/app.ts'
import type { aPublishBody } from './publish-builder.ts'

/** A server with somebody who may do everything in `main` and `acme`. */
export interface Npm extends TestApp {
  /** A token of an owner of `main` and `acme`. */
  readonly owner: string
  readonly ownerId: string
  /** Publishes as the owner at the root, unless said otherwise. */
  publish(body: ReturnType<typeof aPublishBody>, as?: string, at?: string): Promise<Response>
}

/** A fresh one; dispose of it. */
export async function openNpm(): Promise<Npm> {
  const t = await openTestApp()
  const owner = await t.aUser('olga')
  const acme = await t.access.organizations.create({ name: 'acme' })
  const main = await t.access.organizations.findByName('main')
  assert.ok(main)
  for (const { id } of [acme, main]) await t.access.organizations.setMember(id, owner.id, 'owner')
  const { text } = await t.aToken(owner)
  return {
    ...t,
    owner: text,
    ownerId: owner.id,
    publish: ({ name, body }, as = text, at = '') =>
      t.request('PUT', `${at}/${name.replace('/', '%2f')}`, { as, body }),
  }
}

/** The response itself, when it is a success. */
export async function ok(response: Response): Promise<Response> {
  if (!response.ok) assert.fail(`${response.status}: ${await response.text()}`)
  return response
}

/** Its JSON body, when it is a success. */
// biome-ignore lint/suspicious/noExplicitAny: what a client sees is looked at member by member
export const json = async (response: Response): Promise<any> => (await ok(response)).json()

/** What installs ask for. */
export const abbreviated = { accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*' }
