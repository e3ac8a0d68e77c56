import { isDeepStrictEqual } from 'node:util'
import { ask } from './ask.ts'
import { kinds, kindsFor } from './kinds.ts'
import type { Kind } from './model.ts'
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
      if (!kindsFor(row, world.shown).includes(kind)) continue
      if (!isHiddenFrom(row, kind, world)) continue
      const sent = row.request(world.names, kind)
      const others = (row.hides ?? [])
        .map((key) => ({ key, sent: row.request(without(world.names, key), kind) }))
        .filter((other) => other.sent.path !== sent.path)
      if (others.length === 0) continue
      const there = await record.of(() => ask(world, kind, sent))
      requests++
      for (const other of others) {
        const absent = await record.of(() => ask(world, kind, other.sent))
        requests++
        const shown = renamed(absent.answer, world, other.key)
        const what = differenceOf(row, there, { ...absent, answer: shown })
        if (what) faults.push(`${kind.name}: ${sent.method} ${sent.path} and ${other.sent.path} differ ${what}`)
      }
    }
  }
  return { requests, faults }
}

/** Of several needs the first one decides: whoever meets that may know what the path names. */
function isHiddenFrom(row: Row, kind: Kind, { shown }: World): boolean {
  if (asksForNothingNamed(row)) return row.route.startsWith('GET ')
  const [first, second] = typeof row.needs === 'function' ? [] : row.needs
  const deciding = first?.of === 'signed in' ? [first, ...(second ? [second] : [])] : first ? [first] : []
  const outcome = expectedOf({ ...row, needs: deciding }, kind, shown)
  return outcome === 'unknown' || outcome === 'sign in first'
}

interface Exchange {
  readonly answer: Told
  readonly calls: readonly string[]
}

function differenceOf({ isLookedUpOtherwise }: Row, there: Exchange, absent: Exchange): string | undefined {
  if (!isDeepStrictEqual(there.answer, absent.answer)) {
    return `in what is answered: ${JSON.stringify(there.answer)} and ${JSON.stringify(absent.answer)}`
  }
  if (isLookedUpOtherwise || isDeepStrictEqual(there.calls, absent.calls)) return undefined
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
