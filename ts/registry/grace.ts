/** How long a blob or link that nothing refers to is kept, where nothing else is configured. */
export const defaultGraceSeconds = 24 * 3600

const longestPromiseSeconds = 3600

/**
 * A question ("is it there?") touches a blob and its link when their last touch is older than this: the answer is a
 * promise that the bytes stay for the rest of the grace period.
 */
export function touchEverySeconds(graceSeconds: number): number {
  return Math.min(longestPromiseSeconds, graceSeconds / 4)
}
