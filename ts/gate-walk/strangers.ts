import { isDeepStrictEqual } from 'node:util'
import { ask } from './ask.ts'
import { kinds, kindsToCompare, seenFrom } from './kinds.ts'
import { expected, type Kind } from './model.ts'
import { neverUsed } from './names.ts'
import type { Told } from './outcome.ts'
import type { Recording } from './recording.ts'
import { asksForNothingNamed, expectedOf, type Row } from './row.ts'
import type { Walked } from './walk.ts'
import { type NameKey, type World, without } from './world.ts'

/**
 * Sends what each kind of principal may not do, or what tells nothing of what the path names, and then the same with a
 * name that nothing ever had: answer, store calls and password hashes must be equal.
 */
export async function compareWithNothing(world: World, rows: readonly Row[], record: Recording): Promise<Walked> {
  const faults: string[] = []
  let requests = 0
  for (const kind of kinds) {
    for (const row of rows) {
      if (!kindsToCompare(row, world.shown).includes(kind) || !isHiddenFrom(row, kind, world)) continue
      const sent = row.request(world.names, kind)
      const others = (row.hides ?? [])
        .map((key) => ({ key, sent: row.request(without(world.names, key), kind) }))
        .filter((other) => !isDeepStrictEqual(other.sent, sent))
      if (others.length === 0) continue
      const there = await record.of(() => ask(world, kind, sent))
      requests++
      for (const other of others) {
        const absent = await record.of(() => ask(world, kind, other.sent))
        requests++
        const shown = renamed(absent.answer, world, other.key)
        const what = differenceOf(there, { ...absent, answer: shown }, comparesCalls(row, kind))
        if (what) faults.push(`${kind.name}: ${sent.method} ${sent.path} and ${other.sent.path} differ ${what}`)
      }
    }
  }
  return { requests, faults }
}

/** Of several needs the first one decides: whoever meets that may know what the path names. */
function isHiddenFrom(row: Row, kind: Kind, { shown }: World): boolean {
  if (row.lists && expected([row.lists[1]], seenFrom(row.surface, kind), shown) === 'allowed') return false
  if (asksForNothingNamed(row)) return row.route.startsWith('GET ')
  const [first, second] = typeof row.needs === 'function' ? [] : row.needs
  const deciding =
    first?.of === 'signed in' || first?.of === 'account' ? [first, ...(second ? [second] : [])] : first ? [first] : []
  const outcome = expectedOf({ ...row, needs: deciding }, kind, shown)
  return outcome === 'unknown' || outcome === 'sign in first'
}

interface Exchange {
  readonly answer: Told
  readonly calls: readonly string[]
}

/** Lists look at what somebody has anything in, and at what the owner of a token reads, and then ask of each. */
function comparesCalls({ isLookedUpOtherwise, lists }: Row, { limits, office, role }: Kind): boolean {
  return !isLookedUpOtherwise && !(lists && (limits || office || role))
}

function differenceOf(there: Exchange, absent: Exchange, withCalls: boolean): string | undefined {
  if (!isDeepStrictEqual(there.answer, absent.answer)) {
    return `in what is answered: ${JSON.stringify(there.answer)} and ${JSON.stringify(absent.answer)}`
  }
  if (!withCalls || isDeepStrictEqual(there.calls, absent.calls)) return undefined
  return `in what is asked of the stores: ${there.calls.join('; ')} and ${absent.calls.join('; ')}`
}

/** The answer as it would be if it were about the real name. */
function renamed(told: Told, { names }: World, key: NameKey): Told {
  const back = (text: string) => text.replaceAll(neverUsed(names[key]), names[key])
  return {
    ...told,
    text: back(told.text),
    headers: told.headers.map(([name, value]) => [name, back(value)]),
  }
}
