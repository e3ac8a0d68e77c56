/** The middle value, or the mean of the two in the middle; `undefined` of nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}

/** The median of each round's own ratio: what slows the machine for a while slows both sides of it. */
export function medianRatio(of: readonly number[], to: readonly number[]): number | undefined {
  const ratios: number[] = []
  for (const [round, value] of of.entries()) {
    const base = to[round]
    if (base !== undefined && base > 0) ratios.push(value / base)
  }
  return median(ratios)
}
