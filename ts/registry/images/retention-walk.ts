import type { RetentionRule } from '../../metadata/access-schema.ts'
import type { Packages } from '../packages.ts'
import { policy } from '../policy.ts'
import type { Package, RegistryStore, Repository } from '../store.ts'
import { attachmentOf } from './attached-tags.ts'
import type { Images } from './images.ts'
import { lastPushed, type TagPush } from './last-pushed.ts'
import { retentionJudge } from './retention-manifests.ts'
import { type RetentionTerms, removesTags } from './retention-plan.ts'
import { tagUses } from './tag-uses.ts'

/** What goes by the rule of its repository, and why. */
export interface RetentionFinding {
  readonly kind: 'tag' | 'manifest'
  readonly package: Package
  /** The tag, or the sequence of the manifest: where in its image it stands. */
  readonly place: string | number
  /** Absent of a manifest. */
  readonly tag?: string
  /** Of the manifest, or of that which the tag names. */
  readonly digest: string
  readonly pushedAt: number
  /** Absent: never pulled. */
  readonly lastPulledAt?: number | undefined
  readonly why: string
}

/** Where a walk stands; JSON. */
export interface WalkPlace {
  /** The store's cursor before the image; absent: it is the first one. */
  readonly image?: string
  readonly part: 'tags' | 'manifests'
  /** The tag or sequence up to which that part was walked; absent: it begins. */
  readonly after?: string | number
  readonly earliestOfLast?: TagPush
}

/** Some records looked at: what of them goes, by which terms, and where the walk goes on. */
export interface WalkStep {
  readonly findings: readonly RetentionFinding[]
  readonly terms: RetentionTerms
  readonly next: WalkPlace
}

export interface RetentionDeps {
  readonly store: RegistryStore
  readonly packages: Pick<Packages, 'list' | 'get'>
  readonly images: Pick<Images, 'manifests' | 'tags' | 'pulls'>
}

export interface WalkOptions {
  readonly rule: RetentionRule
  /** Epoch milliseconds. */
  readonly now: number
  readonly from?: WalkPlace | undefined
  /** Records a step looks at, which is as many as it can find. */
  readonly stepSize: number
}

const tagsPerRead = 1000

/**
 * Everything in a repository that goes by the rule, image by image: first tags by name, then manifests from the newest
 * to the oldest, so that an index comes before what it names. Takes memory for a step, however much there is.
 */
export async function* retentionWalk(
  deps: RetentionDeps,
  repository: Repository,
  { rule, now, from, stepSize }: WalkOptions,
): AsyncGenerator<WalkStep> {
  let place: WalkPlace = from ?? { part: 'tags' }
  for (;;) {
    const { image } = place
    const page = await deps.packages.list(repository.id, { limit: 1, ...(image !== undefined && { after: image }) })
    const [pkg] = page.items
    if (pkg) {
      const earliestOfLast = place.earliestOfLast ?? (await earliestOf(deps, pkg, rule))
      const terms = { rule, now, immutableTags: repository.value.immutableTags ?? [], earliestOfLast }
      yield* imageSteps(deps, pkg, { ...place, ...(earliestOfLast && { earliestOfLast }) }, terms, stepSize)
    }
    if (page.next === undefined) return
    place = { image: page.next, part: 'tags' }
  }
}

async function earliestOf({ images }: RetentionDeps, pkg: Package, rule: RetentionRule): Promise<TagPush | undefined> {
  if (rule.keepLast === undefined || !removesTags(rule)) return undefined
  const last = lastPushed(rule.keepLast)
  for (let after: string | undefined; ; ) {
    const { items, hasMore } = await images.tags.list(pkg, {
      limit: tagsPerRead,
      ...(after !== undefined && { after }),
    })
    for (const { tag, digest, updatedAt } of items) {
      if (!attachmentOf({ tag, digest })) last.add({ tag, pushedAt: updatedAt })
    }
    after = items.at(-1)?.tag
    if (!hasMore || after === undefined) return last.earliest()
  }
}

async function* imageSteps(
  deps: RetentionDeps,
  pkg: Package,
  place: WalkPlace,
  terms: RetentionTerms,
  stepSize: number,
): AsyncGenerator<WalkStep> {
  const { after: _, ...start } = place
  const { rule } = terms
  const removesManifests = rule.untaggedDays !== undefined
  if (place.part === 'tags' && (removesTags(rule) || removesManifests)) {
    yield* tagSteps(deps, pkg, place, terms, stepSize)
  }
  if (!removesManifests) return
  const from = place.part === 'manifests' ? place : { ...start, part: 'manifests' as const }
  yield* manifestSteps(deps, pkg, from, terms, stepSize)
}

/** With a rule that removes manifests alone, tags go that belong to those. */
async function* tagSteps(
  deps: RetentionDeps,
  pkg: Package,
  place: WalkPlace,
  terms: RetentionTerms,
  stepSize: number,
): AsyncGenerator<WalkStep> {
  let after = place.after === undefined ? undefined : String(place.after)
  const { images } = deps
  const mayGo = removesTags(terms.rule) ? () => true : attachmentOf
  for (;;) {
    const { items, hasMore } = await images.tags.list(pkg, { limit: stepSize, ...(after !== undefined && { after }) })
    const judge = retentionJudge(deps, pkg, terms)
    const findings: RetentionFinding[] = []
    for (const use of await tagUses(images, pkg.id, items.filter(mayGo))) {
      const { isGoing, why } = (await judge.tag(use)).verdict
      if (isGoing) findings.push({ kind: 'tag', package: pkg, place: use.tag, ...use, why })
    }
    after = items.at(-1)?.tag
    if (after === undefined) return
    yield { findings, terms, next: { ...place, after } }
    if (!hasMore) return
  }
}

async function* manifestSteps(
  deps: RetentionDeps,
  pkg: Package,
  place: WalkPlace,
  terms: RetentionTerms,
  stepSize: number,
): AsyncGenerator<WalkStep> {
  let before = place.after === undefined ? undefined : Number(place.after)
  for (;;) {
    const { items } = await deps.store.units.find('bySequence', {
      equals: { packageId: pkg.id },
      range: before === undefined ? { to: pkg.value.published } : { before },
      order: 'descending',
      limit: stepSize,
    })
    // Of each step its own: what it remembers is bounded so, and no older.
    const judge = retentionJudge(deps, pkg, terms)
    const findings: RetentionFinding[] = []
    for (const unit of items) {
      if (!policy(pkg.value, unit.value)) continue
      const { verdict, use } = await judge.manifest(unit)
      if (!verdict.isGoing) continue
      const { key: digest, sequence } = unit.value
      findings.push({ kind: 'manifest', package: pkg, place: sequence, digest, ...use, why: verdict.why })
    }
    before = items.at(-1)?.value.sequence
    if (before === undefined) return
    yield { findings, terms, next: { ...place, after: before } }
  }
}
