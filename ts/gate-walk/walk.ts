import { isDeepStrictEqual } from 'node:util'
import { ask } from './ask.ts'
import { kinds, kindsFor, seenFrom, sendsHead } from './kinds.ts'
import { expected, type Kind, type Need, type Outcome } from './model.ts'
import { outcomeOf, type Told } from './outcome.ts'
import { aPackage, doneOf, expectedOf, organization, type Row, type Sent, settings, team } from './row.ts'
import { secretWords, type World } from './world.ts'

export interface Walked {
  readonly requests: number
  /** What is not as it must be, a line each. */
  readonly faults: readonly string[]
}

/** Sends every row's request as every kind of principal, GET as HEAD too, and compares the ends with the rules'. */
export async function walk(world: World, rows: readonly Row[]): Promise<Walked> {
  const faults: string[] = []
  let requests = 0
  for (const kind of kinds) {
    for (const row of rows) {
      if (!kindsFor(row, world.shown).includes(kind)) continue
      await row.before?.(world)
      const sent = row.request(world.names, kind)
      const told = await ask(world, kind, sent)
      requests++
      const wrong = wrongWith(world, row, kind, sent, told)
      if (sent.method === 'GET' && !sent.headers?.['range'] && sendsHead(kind, world.shown)) {
        requests++
        wrong.push(...wrongWithHead(told, await ask(world, kind, { ...sent, method: 'HEAD' })))
      }
      faults.push(...wrong.map((what) => `${kind.name}: ${sent.method} ${sent.path} ${what} [${row.route}]`))
    }
  }
  return { requests, faults }
}

function wrongWith(world: World, row: Row, kind: Kind, sent: Sent, told: Told): string[] {
  const outcome = outcomeOf(told, { done: doneOf(row, kind), unknown: row.unknown ?? 'repository_unknown' })
  const wanted = expectedOf(row, kind, world.shown)
  if (outcome !== wanted) return [`is ${outcome}, not ${wanted}: ${told.text.slice(0, 150)}`]
  return [...leaksIn(world, row, kind, sent, wanted, told), ...wrongWithList(world, row, kind, wanted, told)]
}

const secrets: readonly (readonly [need: Need, words: readonly string[]])[] = [
  [aPackage('read'), ['wombat', ...secretWords.package]],
  [settings, secretWords.repository],
  [organization('read'), secretWords.organization],
  [team('read'), secretWords.team],
  [organization('admin'), secretWords.robotToken],
]

/** Nothing of what somebody may not read is told, but what the request says itself. */
function leaksIn({ shown }: World, row: Row, kind: Kind, sent: Sent, outcome: Outcome, told: Told): string[] {
  const asked = decodeURIComponent(sent.path) + JSON.stringify(sent.body ?? '')
  const answered = told.text + JSON.stringify(told.headers)
  const seen = seenFrom(row.surface, kind)
  const hidden = secrets
    .filter(([need]) => expected([need], seen, shown) !== 'allowed' && !isToldTo(row, need, outcome))
    .flatMap(([, words]) => words)
  return hidden
    .filter((word) => answered.includes(word) && !asked.includes(word))
    .map((word) => `tells "${word}": ${told.text.slice(0, 200)}`)
}

/** Who writes without being able to read is told what it wrote. */
function isToldTo({ needs }: Row, secret: Need, outcome: Outcome): boolean {
  return (
    outcome === 'allowed' &&
    typeof needs !== 'function' &&
    needs.some(({ of }) => of === secret.of || of === 'repository')
  )
}

function wrongWithList({ shown }: World, row: Row, kind: Kind, outcome: Outcome, told: Told): string[] {
  if (!row.lists || outcome !== 'allowed') return []
  const [word, need] = row.lists
  const mayRead = expected([need], seenFrom(row.surface, kind), shown) === 'allowed'
  if (told.text.includes(word) === mayRead) return []
  return [`lists ${mayRead ? 'not' : ''} "${word}": ${told.text.slice(0, 200)}`]
}

function wrongWithHead(get: Told, head: Told): string[] {
  const wrong: string[] = []
  if (head.text !== '') wrong.push('answers HEAD with a body')
  if (head.status !== get.status) wrong.push(`answers HEAD ${head.status}, GET ${get.status}`)
  else if (!isDeepStrictEqual(steady(head), steady(get))) wrong.push('answers HEAD with other headers than GET')
  return wrong
}

/** A browser that has no cookie gets a new one each time. */
function steady({ headers }: Told) {
  return headers.filter(([name]) => name !== 'set-cookie')
}
