import { isDeepStrictEqual } from 'node:util'
import { isGone } from '../../access/gone.ts'
import type { RetentionRule } from '../../metadata/access-schema.ts'
import * as accessSchema from '../../metadata/access-schema.ts'
import type { Author } from '../edit.ts'
import type { Repository } from '../store.ts'
import { parsePlace, placeText } from './retention-place.ts'
import { removal } from './retention-removal.ts'
import { type RetentionDeps, type RetentionFinding, retentionWalk } from './retention-walk.ts'

export interface RetentionPage {
  readonly items: readonly RetentionFinding[]
  readonly next?: string
}

export interface Retained {
  readonly tags: number
  readonly manifests: number
  /** False: it was told to stop, or the rule was changed meanwhile. */
  readonly isComplete: boolean
}

/** What goes by itself from repositories of images; see `RetentionRule`. */
export interface Retention {
  /** Those that have a rule, who got it first first. */
  repositories(): AsyncIterable<Repository>
  /**
   * What would go by the rule now, and why; removes nothing. A page holds `limit` findings at most, or fewer with a `next`
   * when many records were looked at. Throws `payload_invalid` for an `after` that no page gave out.
   */
  preview(
    repository: Repository,
    rule: RetentionRule,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<RetentionPage>
  /**
   * Removes what goes by the rule that the repository has. Each is looked at again right before: what was pushed or
   * pulled meanwhile stays. Stopped anywhere, repeated, or run twice at once, it does no harm.
   */
  run(repository: Repository, author: Author, options?: RetentionRunOptions): Promise<Retained>
}

export interface RetentionRunOptions {
  readonly signal?: AbortSignal
  /** Told of each that is gone. */
  readonly onRemoved?: (finding: RetentionFinding) => void
}

const stepSize = 100
/** Records that one page of a preview looks at, at most about. */
const mostLookedAt = 5000

/** Retention over the domain's store; `now` in epoch milliseconds. */
export function imageRetention(deps: RetentionDeps, now: () => number = Date.now): Retention {
  const { store, images } = deps

  /** The rule is asked for again and again: who takes it back stops what it does. */
  async function stillHas(repository: Repository): Promise<boolean> {
    const current = await store.repositories.get(repository.id)
    const { retention, immutableTags } = repository.value
    return (
      current !== undefined &&
      !isGone(current.value) &&
      isDeepStrictEqual(current.value.retention, retention) &&
      isDeepStrictEqual(current.value.immutableTags, immutableTags)
    )
  }

  return {
    async *repositories() {
      const repositories = store.engine.collection(accessSchema.repositories)
      for (let after: string | undefined; ; ) {
        const page = await repositories.find('byRetention', { limit: 100, ...(after !== undefined && { after }) })
        yield* page.items.filter(({ value }) => !isGone(value))
        after = page.next
        if (after === undefined) return
      }
    },

    async preview(repository, rule, { after, limit }) {
      const items: RetentionFinding[] = []
      const from = after === undefined ? undefined : parsePlace(after)
      let lookedAt = 0
      const size = Math.min(limit, stepSize)
      for await (const { findings, next } of retentionWalk(deps, repository, {
        rule,
        now: now(),
        from,
        stepSize: size,
      })) {
        const room = limit - items.length
        items.push(...findings.slice(0, room))
        const last = findings[room - 1]
        if (last) return { items, next: placeText({ ...next, after: last.place }) }
        lookedAt += size
        if (lookedAt >= mostLookedAt) return { items, next: placeText(next) }
      }
      return { items }
    },

    async run(repository, author, { signal, onRemoved } = {}) {
      const rule = repository.value.retention
      let [tags, manifests] = [0, 0]
      if (!rule) return { tags, manifests, isComplete: true }
      for await (const { findings, terms } of retentionWalk(deps, repository, { rule, now: now(), stepSize })) {
        if (signal?.aborted || !(await stillHas(repository))) return { tags, manifests, isComplete: false }
        // What this process has counted is looked at, too.
        await images.pulls.flush()
        for (const gone of await removal(deps, terms, author)(findings)) {
          if (gone.kind === 'tag') tags += 1
          else manifests += 1
          onRemoved?.(gone)
        }
      }
      return { tags, manifests, isComplete: true }
    },
  }
}
