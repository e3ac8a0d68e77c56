import { unitByKey } from '../packages.ts'
import { marksOf, policy } from '../policy.ts'
import type { Package, Unit } from '../store.ts'
import { type LastUse, type RetentionTerms, tagVerdict, untaggedVerdict, type Verdict } from './retention-plan.ts'
import type { RetentionDeps } from './retention-walk.ts'
import { tagUses } from './tag-uses.ts'

/** How deep indexes may lie in indexes, and referrers be about referrers, before they are left alone. */
const maxDepth = 16
const recordsPerRead = 100

export interface JudgedManifest {
  readonly verdict: Verdict
  readonly use: LastUse
}

/**
 * Judges manifests of an image as it was read. One goes when every tag and every index that names it goes; then a
 * referrer goes with its subject and stays with it, and any other goes by its age. Remembers what it judged.
 */
export function manifestJudge(
  { store, images }: Pick<RetentionDeps, 'store' | 'images'>,
  pkg: Package,
  terms: RetentionTerms,
): (unit: Unit) => Promise<JudgedManifest> {
  const marks = marksOf(pkg.value)
  const judged = new Map<string, Promise<JudgedManifest>>()
  const isVisible = (unit: Unit | undefined): unit is Unit => unit !== undefined && policy(pkg.value, unit.value, marks)

  function judge(unit: Unit, depth: number): Promise<JudgedManifest> {
    const known = judged.get(unit.id)
    if (known) return known
    const fresh = judgeAnew(unit, depth)
    judged.set(unit.id, fresh)
    return fresh
  }

  async function judgeAnew(unit: Unit, depth: number): Promise<JudgedManifest> {
    const { key, createdAt: pushedAt } = unit.value
    const lastPulledAt = (await images.pulls.of(pkg.id, [key])).get(key)?.lastPulledAt
    const use = { pushedAt, ...(lastPulledAt !== undefined && { lastPulledAt }) }
    return { use, verdict: await verdictOf(unit, use, depth) }
  }

  async function verdictOf(unit: Unit, use: LastUse, depth: number): Promise<Verdict> {
    if (depth === maxDepth) return { isGoing: false, why: 'it lies too deep in what names it' }
    const subject = await subjectOf(unit)
    const ownAge = untaggedVerdict(use, terms)
    if (!subject && !ownAge.isGoing) return ownAge
    const kept = (await keepingTag(unit)) ?? (await keepingParent(unit, depth))
    if (kept !== undefined) return { isGoing: false, why: kept }
    if (!subject) return ownAge
    const { isGoing } = (await judge(subject, depth + 1)).verdict
    return { isGoing, why: `it is about ${subject.value.key}, which ${isGoing ? 'goes' : 'stays'}` }
  }

  /** What the manifest is about, when the image has it. */
  async function subjectOf({ value: { subject } }: Unit): Promise<Unit | undefined> {
    if (subject === undefined) return undefined
    const found = await unitByKey(store, pkg.id, subject)
    return isVisible(found) ? found : undefined
  }

  async function keepingTag({ id: unitId }: Unit): Promise<string | undefined> {
    for (let after: string | undefined; ; ) {
      const more = after === undefined ? {} : { after }
      const page = await store.imageTags.find('byUnit', { equals: { unitId }, limit: recordsPerRead, ...more })
      const tags = page.items.map(({ value }) => value)
      const uses = await tagUses(images, pkg.id, tags)
      const kept = uses.find((use) => !tagVerdict(use, terms).isGoing)
      if (kept) return `the tag "${kept.tag}" names it`
      after = page.next
      if (after === undefined) return undefined
    }
  }

  /** A manifest's references are written before it, so one without a manifest may be of a push under way. */
  async function keepingParent({ id, value: { key } }: Unit, depth: number): Promise<string | undefined> {
    for (let after: string | undefined; ; ) {
      const more = after === undefined ? {} : { after }
      const equals = { packageId: pkg.id, name: key }
      const page = await store.files.find('byName', { equals, limit: recordsPerRead, ...more })
      for (const { value } of page.items) {
        if (value.unitId === id) continue
        const parent = await store.units.get(value.unitId)
        if (!parent) return 'something that is being pushed names it'
        if (isVisible(parent) && !(await judge(parent, depth + 1)).verdict.isGoing)
          return `${parent.value.key} names it`
      }
      after = page.next
      if (after === undefined) return undefined
    }
  }

  return (unit) => judge(unit, 0)
}
