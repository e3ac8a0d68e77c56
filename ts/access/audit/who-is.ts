import * as accessSchema from '../../metadata/access-schema.ts'
import type { AuditFilter } from './query.ts'
import { checkedOne, isEntry } from './readable.ts'
import type { AuditStore } from './store.ts'

export type ActorFilter = Pick<AuditFilter, 'actor' | 'actorKind'>

const kinds = ['user', 'robot', 'command-line', 'system', 'anonymous']
const commandLine = 'command-line:'

/**
 * Whom a person means by these words: a kind of actor, somebody at the command line (`command-line:root`), an id, or a
 * username, in this order, so that nobody's name hides what another's id stands for. Anything else is taken for an id.
 */
export async function whoIs(store: AuditStore, words: string): Promise<ActorFilter> {
  if (words === 'system' || words === 'anonymous') return { actor: words, actorKind: words }
  if (kinds.includes(words)) return { actorKind: words }
  if (words.startsWith(commandLine)) return { actor: words.slice(commandLine.length), actorKind: 'command-line' }
  if (await isId(store, words)) return { actor: words }
  const users = store.engine.collection(accessSchema.users)
  const { items } = await users.find('byUsername', { equals: { usernameKey: words.toLowerCase() }, limit: 1 })
  return { actor: items[0]?.id ?? words }
}

/** Of somebody who is there, or did something once. At the command line the id is a name of the machine. */
async function isId(store: AuditStore, words: string): Promise<boolean> {
  if (await store.engine.collection(accessSchema.users).get(words)) return true
  const equals = { actorId: words }
  const entry = await checkedOne((query) => store.entries.find('byActor', { equals, limit: 1, ...query }), isEntry)
  return entry !== undefined && entry.value.actorKind !== 'command-line'
}
