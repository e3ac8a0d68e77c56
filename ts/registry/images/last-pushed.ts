/** When a tag was last set, epoch milliseconds. */
export interface TagPush {
  readonly tag: string
  readonly pushedAt: number
}

/** By time; of two at the same time the one whose name comes first counts as the later. */
export function comparePushes(a: TagPush, b: TagPush): number {
  return a.pushedAt - b.pushedAt || (a.tag < b.tag ? 1 : a.tag > b.tag ? -1 : 0)
}

export interface LastPushed {
  add(push: TagPush): void
  /** The earliest of the last that were pushed so far; `undefined` while there are no more than those. */
  earliest(): TagPush | undefined
}

/** Finds the `count` (at least 1) tags that were pushed last among any number, in memory for `count`. */
export function lastPushed(count: number): LastPushed {
  // A heap: each is earlier than the two below it, at twice its place and one more or two.
  const heap: TagPush[] = []
  let seen = 0

  function isEarlier(at: number, than: number): boolean {
    const [a, b] = [heap[at], heap[than]]
    return a !== undefined && b !== undefined && comparePushes(a, b) < 0
  }

  function swap(at: number, other: number): void {
    const [a, b] = [heap[at], heap[other]]
    if (a && b) [heap[at], heap[other]] = [b, a]
  }

  function rise(at: number): void {
    const above = (at - 1) >> 1
    if (at === 0 || !isEarlier(at, above)) return
    swap(at, above)
    rise(above)
  }

  function sink(at: number): void {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    const earlier = isEarlier(right, left) ? right : left
    if (!isEarlier(earlier, at)) return
    swap(earlier, at)
    sink(earlier)
  }

  return {
    add(push) {
      seen += 1
      const [earliest] = heap
      if (heap.length < count) {
        heap.push(push)
        rise(heap.length - 1)
      } else if (earliest && comparePushes(push, earliest) > 0) {
        heap[0] = push
        sink(0)
      }
    },
    earliest: () => (seen > count ? heap[0] : undefined),
  }
}
