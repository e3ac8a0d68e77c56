/** How a document's bytes are sent. */
export type Encoding = 'identity' | 'gzip'

/**
 * What `Accept-Encoding` likes best of gzip and identity; gzip where it likes both alike. A client that refuses
 * both gets identity: an answer that it can ignore is of more use than 406 (RFC 9110, 12.5.3 leaves the choice).
 */
export function preferredEncoding(acceptEncoding: string | undefined): Encoding {
  if (acceptEncoding === undefined) return 'identity'
  const weights = weightsOf(acceptEncoding)
  const any = weights.get('*')
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? any ?? 0
  const identity = weights.get('identity') ?? any ?? Number.EPSILON
  return gzip > 0 && gzip >= identity ? 'gzip' : 'identity'
}

function weightsOf(header: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    const weight = q === undefined ? 1 : Number(q)
    if (name && weight >= 0 && weight <= 1) weights.set(name, weight)
  }
  return weights
}
