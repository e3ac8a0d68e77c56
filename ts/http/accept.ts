/**
 * Which of the offered media types an `Accept` header likes best; the first offered where it likes several alike, or
 * says nothing. Types with a wildcard count with their weight; see RFC 9110, 12.5.1.
 */
export function preferredType(accept: string | undefined, offered: readonly [string, ...string[]]): string {
  if (accept === undefined || accept.trim() === '') return offered[0]
  const ranges = accept.split(',').map((part) => {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    return { range, weight: q === undefined ? 1 : Number(q.slice(2)) || 0 }
  })
  const weightOf = (type: string) => {
    const [group] = type.split('/')
    for (const wanted of [type, `${group}/*`, '*/*']) {
      const found = ranges.find(({ range }) => range === wanted)
      if (found) return found.weight
    }
    return 0
  }
  return offered.reduce((best, type) => (weightOf(type) > weightOf(best) ? type : best), offered[0])
}
