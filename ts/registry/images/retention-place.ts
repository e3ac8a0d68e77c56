import { RegistryError } from '../../errors.ts'
import type { WalkPlace } from './retention-walk.ts'

/** A place as `placeText` wrote it; else `payload_invalid`. */
export function parsePlace(text: string): WalkPlace {
  try {
    const place: unknown = JSON.parse(text)
    if (isPlace(place)) return place
  } catch {
    // As for what is no place.
  }
  throw new RegistryError('payload_invalid', 'The cursor is not one that this list gave out; start again without it.')
}

export function placeText(place: WalkPlace): string {
  return JSON.stringify(place)
}

function isPlace(value: unknown): value is WalkPlace {
  if (typeof value !== 'object' || value === null) return false
  const { image, part, after, earliestOfLast } = value as Record<string, unknown>
  return (
    (image === undefined || typeof image === 'string') &&
    (after === undefined || typeof after === (part === 'tags' ? 'string' : 'number')) &&
    (part === 'tags' || part === 'manifests') &&
    (earliestOfLast === undefined || isPush(earliestOfLast))
  )
}

function isPush(value: unknown): boolean {
  const push = value as { tag?: unknown; pushedAt?: unknown } | null
  return typeof push?.tag === 'string' && typeof push.pushedAt === 'number'
}
