import { isDeepStrictEqual } from 'node:util'
import type { PackageDocument } from '../metadata/package-schema.ts'
import { withMarks } from './edit.ts'
import type { Edit } from './swap.ts'

/**
 * Deprecates units by their keys; an empty message takes a deprecation back. Taking it back for every unit ends the
 * deprecation of the package, for a client that knows of versions alone.
 */
export function deprecating(messages: ReadonlyMap<string, string>): Edit {
  return (pkg) => {
    const marks = withMarks(pkg, new Map([...messages].map(([key, deprecated]) => [key, { deprecated }])))
    const isTakenBack = [...messages.values()].every((message) => message === '')
    const endsStatus = pkg.status?.kind === 'deprecated' && isTakenBack && allTakenBack({ ...pkg, marks })
    const edit = endsStatus ? { marks, status: { kind: 'active' as const } } : { marks }
    return endsStatus || !isDeepStrictEqual(marks, pkg.marks) ? edit : undefined
  }
}

/** Yanks units by their keys, with a reason that may be empty; `undefined` takes it back. */
export function yanking(unitKeys: readonly string[], reason: string | undefined): Edit {
  return (pkg) => {
    const marks = withMarks(pkg, new Map(unitKeys.map((key) => [key, { yanked: reason }])))
    return isDeepStrictEqual(marks, pkg.marks) ? undefined : { marks }
  }
}

function allTakenBack({ published, removed = 0, marks }: PackageDocument): boolean {
  const deleted = marks.filter(([, mark]) => mark.deletedAt !== undefined).length
  const takenBack = marks.filter(([, mark]) => mark.deletedAt === undefined && mark.deprecated === '').length
  return takenBack === published - removed - deleted
}
