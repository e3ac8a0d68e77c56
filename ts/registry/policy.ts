import type { PackageDocument, UnitDocument, UnitMark } from '../metadata/package-schema.ts'

/** The marks of a package by unit key. */
export function marksOf(pkg: PackageDocument): ReadonlyMap<string, UnitMark> {
  return new Map(pkg.marks)
}

/**
 * The policy of the one gate: whether a unit may be shown or served at all. Published means: the package record
 * counts it; what is deleted is not served, whoever asks.
 */
export function policy(
  pkg: PackageDocument,
  unit: Pick<UnitDocument, 'key' | 'sequence'>,
  marks = marksOf(pkg),
): boolean {
  return unit.sequence <= pkg.published && marks.get(unit.key)?.deletedAt === undefined
}

/** True when at least one unit is left that is not deleted; else the package is unknown to everybody. */
export function isVisible(pkg: PackageDocument): boolean {
  let deleted = pkg.removed ?? 0
  for (const [, mark] of pkg.marks) if (mark.deletedAt !== undefined) deleted += 1
  return pkg.published > deleted
}
