import { unitByKey } from '../packages.ts'
import { marksOf, policy } from '../policy.ts'
import type { Package, Unit } from '../store.ts'
import { attachedTo, attachmentOf } from './attached-tags.ts'
import {
  keptAsImmutable,
  type LastUse,
  orphanVerdict,
  type RetentionTerms,
  tagVerdict,
  untaggedVerdict,
  type Verdict,
} from './retention-plan.ts'
import type { RetentionDeps } from './retention-walk.ts'
import { type NamingTag, tagUses } from './tag-uses.ts'

/** How deep indexes may lie in indexes, and referrers be about referrers, before they are left alone. */
const maxDepth = 16
const recordsPerRead = 100

export interface JudgedManifest {
  readonly verdict: Verdict
  readonly use: LastUse
}

export interface JudgedTag {
  readonly verdict: Verdict
  /** Of a tag that belongs to a manifest which is there: that one. */
  readonly subject?: Unit
}

export interface RetentionJudge {
  manifest(unit: Unit): Promise<JudgedManifest>
  /** One that belongs to another manifest goes and stays with that; any other goes by the rule. */
  tag(tag: NamingTag): Promise<JudgedTag>
}

/**
 * Judges an image as it was read. A manifest goes when every tag and every index that names it goes; then one that is
 * about another, by its subject or its tag, goes with that and stays with it, and any other goes by its age. Remembers
 * what it judged; asked for one thing after the other.
 */
export function retentionJudge(
  { store, images }: Pick<RetentionDeps, 'store' | 'images'>,
  pkg: Package,
  terms: RetentionTerms,
): RetentionJudge {
  const marks = marksOf(pkg.value)
  const judged = new Map<string, Promise<JudgedManifest>>()
  const isVisible = (unit: Unit | undefined): unit is Unit => unit !== undefined && policy(pkg.value, unit.value, marks)

  /** `above`: the units whose judgement waits for this one. Tags can name each other's manifests in a circle. */
  async function judge(unit: Unit, above: readonly string[]): Promise<JudgedManifest> {
    if (above.includes(unit.id)) {
      const verdict = { isGoing: false, why: 'its tags belong to what belongs to it' }
      return { verdict, use: { pushedAt: unit.value.createdAt } }
    }
    const known = judged.get(unit.id)
    if (known) return known
    const fresh = judgeAnew(unit, above)
    judged.set(unit.id, fresh)
    return fresh
  }

  async function judgeAnew(unit: Unit, above: readonly string[]): Promise<JudgedManifest> {
    const { key, createdAt: pushedAt } = unit.value
    const lastPulledAt = (await images.pulls.of(pkg.id, [key])).get(key)?.lastPulledAt
    const use = { pushedAt, ...(lastPulledAt !== undefined && { lastPulledAt }) }
    return { use, verdict: await verdictOf(unit, use, above) }
  }

  async function verdictOf(unit: Unit, use: LastUse, above: readonly string[]): Promise<Verdict> {
    const ownAge = untaggedVerdict(use, terms)
    if (terms.rule.untaggedDays === undefined) return ownAge
    if (above.length === maxDepth) return { isGoing: false, why: 'it lies too deep in what names it' }
    const below = [...above, unit.id]
    const tags = await tagsNaming(unit, below)
    if (tags.kept !== undefined) return { isGoing: false, why: tags.kept }
    const subject = await subjectOf(unit)
    if (!subject && tags.along === undefined && !ownAge.isGoing) return ownAge
    const kept = await keepingParent(unit, below)
    if (kept !== undefined) return { isGoing: false, why: kept }
    if (subject) {
      const { isGoing } = (await judge(subject, below)).verdict
      return { isGoing, why: `it is about ${subject.value.key}, which ${isGoing ? 'goes' : 'stays'}` }
    }
    return tags.along === undefined ? ownAge : { isGoing: true, why: tags.along }
  }

  /** What the manifest is about, when the image has it. */
  async function subjectOf({ value: { subject } }: Unit): Promise<Unit | undefined> {
    if (subject === undefined) return undefined
    const found = await unitByKey(store, pkg.id, subject)
    return isVisible(found) ? found : undefined
  }

  /** The tag by which the manifest stays, if there is one; else why it goes along with what a tag of it belongs to. */
  async function tagsNaming(
    { id: unitId }: Unit,
    above: readonly string[],
  ): Promise<{ kept?: string; along?: string }> {
    let along: string | undefined
    for (let after: string | undefined; ; ) {
      const more = after === undefined ? {} : { after }
      const page = await store.imageTags.find('byUnit', { equals: { unitId }, limit: recordsPerRead, ...more })
      for (const use of await tagUses(
        images,
        pkg.id,
        page.items.map(({ value }) => value),
      )) {
        const { verdict, subject } = await judgeTag(use, above)
        if (!verdict.isGoing) return { kept: `the tag "${use.tag}" names it` }
        if (subject) along = verdict.why
      }
      after = page.next
      if (after === undefined) return along === undefined ? {} : { along }
    }
  }

  async function judgeTag(use: NamingTag, above: readonly string[]): Promise<JudgedTag> {
    const attachment = attachmentOf(use)
    if (!attachment) return { verdict: tagVerdict(use, terms) }
    const immutable = keptAsImmutable(use.tag, terms)
    if (immutable !== undefined) return { verdict: { isGoing: false, why: immutable } }
    const subject = await attachedTo(store, pkg.id, attachment)
    if (!subject) return { verdict: orphanVerdict(use, terms) }
    const what = `${attachment.words} ${subject.value.key}`
    if (!isVisible(subject)) return { verdict: { isGoing: false, why: `${what}, which just comes or goes` }, subject }
    const { isGoing } = (await judge(subject, above)).verdict
    return { verdict: { isGoing, why: `${what}, which ${isGoing ? 'goes' : 'stays'}` }, subject }
  }

  /** A manifest's references are written before it, so one without a manifest may be of a push under way. */
  async function keepingParent({ id, value: { key } }: Unit, above: readonly string[]): Promise<string | undefined> {
    for (let after: string | undefined; ; ) {
      const more = after === undefined ? {} : { after }
      const equals = { packageId: pkg.id, name: key }
      const page = await store.files.find('byName', { equals, limit: recordsPerRead, ...more })
      for (const { value } of page.items) {
        if (value.unitId === id) continue
        const parent = await store.units.get(value.unitId)
        if (!parent) return 'something that is being pushed names it'
        if (isVisible(parent) && !(await judge(parent, above)).verdict.isGoing) return `${parent.value.key} names it`
      }
      after = page.next
      if (after === undefined) return undefined
    }
  }

  return { manifest: (unit) => judge(unit, []), tag: (use) => judgeTag(use, []) }
}
