import { hasCode } from '../../errors.ts'
import type { Author } from '../edit.ts'
import { unitByKey } from '../packages.ts'
import { policy } from '../policy.ts'
import type { Package, Unit } from '../store.ts'
import { attachedTags, attachmentOf } from './attached-tags.ts'
import type { Tag } from './images.ts'
import { retentionJudge } from './retention-manifests.ts'
import type { RetentionTerms } from './retention-plan.ts'
import type { RetentionDeps, RetentionFinding } from './retention-walk.ts'
import { tagUses } from './tag-uses.ts'

const tagsAtOnce = 50
const referrersPerRead = 100

/** When it was decided that a manifest goes. What came later does not go along, nor what was used later. */
interface Decision {
  /** Epoch milliseconds. */
  readonly at: number
  /** The image's count of manifests. */
  readonly published: number
}

/**
 * Removes what a walk found by these terms, each after another look at it; resolves to what is gone, with the referrers
 * and attached tags that went along.
 */
export function removal(deps: RetentionDeps, terms: RetentionTerms, author: Author) {
  const { store, packages, images } = deps

  /** A tag that belongs to a manifest which is there waits for that to go. */
  async function removeTag({ package: pkg, tag = '' }: RetentionFinding): Promise<boolean> {
    const seen = await images.tags.find(pkg, tag)
    if (!seen) return false
    const [use] = await tagUses(images, pkg.id, [seen])
    if (!use) return false
    const { verdict, subject } = await retentionJudge(deps, pkg, terms).tag(use)
    if (subject || !verdict.isGoing) return false
    return unlessKept(() => images.tags.delete(pkg, tag, author, seen))
  }

  /** A referrer whose subject is there waits for that to go: it never goes alone. */
  async function removeManifest(finding: RetentionFinding): Promise<RetentionFinding[]> {
    const pkg = await packages.get(finding.package.id)
    const unit = pkg && (await unitByKey(store, pkg.id, finding.digest))
    if (!pkg || !unit || !policy(pkg.value, unit.value)) return []
    const { subject } = unit.value
    if (subject !== undefined && (await images.manifests.byDigest(pkg, subject))) return []
    const { verdict } = await retentionJudge(deps, pkg, terms).manifest(unit)
    const decided = { at: Date.now(), published: pkg.value.published }
    if (!verdict.isGoing || !(await removeUntagged(finding, goesStill))) return []
    return [finding, ...(await removeFollowers(finding, decided))]
  }

  async function removeUntagged(
    { package: pkg, digest }: RetentionFinding,
    onlyIf: (unit: Unit) => Promise<boolean>,
  ): Promise<boolean> {
    return unlessKept(async () => {
      await images.manifests.delete(pkg, digest, author, { onlyUntagged: true, onlyIf })
      return true
    })
  }

  async function goesStill(unit: Unit): Promise<boolean> {
    await images.pulls.flush()
    const { packageId, subject } = unit.value
    const pkg = await packages.get(packageId)
    if (!pkg || (subject !== undefined && (await images.manifests.byDigest(pkg, subject)))) return false
    return (await retentionJudge(deps, pkg, terms).manifest(unit)).verdict.isGoing
  }

  /** Of what is about a manifest that is gone: that has not come back, and nobody used this meanwhile. */
  function isLeft(subject: string, { at, published }: Decision): (unit: Unit) => Promise<boolean> {
    return async ({ value: { packageId, key, sequence } }) => {
      await images.pulls.flush()
      const lastUsedAt = (await images.pulls.of(packageId, [key])).get(key)?.lastPulledAt ?? 0
      if (sequence > published || lastUsedAt >= at) return false
      const pkg = await packages.get(packageId)
      return pkg !== undefined && !(await images.manifests.byDigest(pkg, subject))
    }
  }

  /** Attached tags first: the index that such a tag names lists the referrers. */
  async function removeFollowers(finding: RetentionFinding, decided: Decision): Promise<RetentionFinding[]> {
    return [...(await removeAttached(finding, decided)), ...(await removeReferrers(finding, decided))]
  }

  async function removeAttached(
    { package: { id }, digest: subject }: RetentionFinding,
    decided: Decision,
  ): Promise<RetentionFinding[]> {
    const pkg = await packages.get(id)
    const gone: RetentionFinding[] = []
    for (const tag of pkg ? await attachedTags(images, pkg, subject) : []) {
      if (tag.updatedAt >= decided.at) continue
      // Who pushed it again wants its signatures.
      const current = await packages.get(id)
      if (!current || (await images.manifests.byDigest(current, subject))) return gone
      const why = `${attachmentOf(tag)?.words} ${subject}, which is gone`
      if (await unlessKept(() => images.tags.delete(current, tag.tag, author, tag))) {
        const { updatedAt: pushedAt, digest } = tag
        gone.push({ kind: 'tag', package: current, place: tag.tag, tag: tag.tag, digest, pushedAt, why })
        gone.push(...(await removeAlong(current, tag, why, isLeft(subject, decided), decided)))
      }
    }
    return gone
  }

  /** What an attached tag named, when that is about nothing else. */
  async function removeAlong(
    pkg: Package,
    { digest }: Tag,
    why: string,
    onlyIf: (unit: Unit) => Promise<boolean>,
    decided: Decision,
  ): Promise<RetentionFinding[]> {
    const unit = await unitByKey(store, pkg.id, digest)
    if (!unit || !policy(pkg.value, unit.value)) return []
    const { subject, createdAt: pushedAt, sequence: place } = unit.value
    if (subject !== undefined && (await images.manifests.byDigest(pkg, subject))) return []
    const along = { kind: 'manifest' as const, package: pkg, place, digest, pushedAt, why }
    return (await removeUntagged(along, onlyIf)) ? [along, ...(await removeFollowers(along, decided))] : []
  }

  async function removeReferrers(
    { package: { id }, digest: subject }: RetentionFinding,
    decided: Decision,
  ): Promise<RetentionFinding[]> {
    const onlyIf = isLeft(subject, decided)
    const gone: RetentionFinding[] = []
    for (let after: string | undefined; ; ) {
      const pkg = await packages.get(id)
      if (!pkg) return gone
      const page = await images.manifests.referrers(pkg, subject, {
        limit: referrersPerRead,
        ...(after !== undefined && { after }),
      })
      for (const { digest, sequence: place, pushedAt } of page.items) {
        const why = `it is about ${subject}, which is gone`
        const referrer = { kind: 'manifest' as const, package: pkg, place, digest, pushedAt, why }
        if (!(await removeUntagged(referrer, onlyIf))) continue
        gone.push(referrer, ...(await removeFollowers(referrer, decided)))
      }
      after = page.next
      if (after === undefined) return gone
    }
  }

  return async (findings: readonly RetentionFinding[]): Promise<RetentionFinding[]> => {
    const tags = findings.filter(({ kind }) => kind === 'tag')
    const gone: RetentionFinding[] = []
    for (let at = 0; at < tags.length; at += tagsAtOnce) {
      const some = tags.slice(at, at + tagsAtOnce)
      const outcomes = await Promise.all(some.map(removeTag))
      gone.push(...some.filter((_, i) => outcomes[i]))
    }
    for (const finding of findings) if (finding.kind === 'manifest') gone.push(...(await removeManifest(finding)))
    return gone
  }
}

/** What something needs by now, or is immutable by now, stays. */
async function unlessKept(remove: () => Promise<boolean>): Promise<boolean> {
  try {
    return await remove()
  } catch (err) {
    if (hasCode(err, 'in_use', 'access_denied', 'version_unknown', 'package_unknown')) return false
    throw err
  }
}
