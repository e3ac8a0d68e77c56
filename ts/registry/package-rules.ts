/** What edits of a package, whichever way they come in, must know of its protocol. */
export interface PackageRules {
  /**
   * The tag as it is, when it can name a version; else `payload_invalid` for the field, saying which rule it breaks.
   * A protocol without tags refuses all.
   */
  checkTag(tag: string, field: string): string
  /** Of at least one version, the one that `latest` falls back to when its own was deleted. */
  latestOf(versions: readonly string[]): string
  /** Tags that every publish moves, asked to or not: no repository can make them immutable. */
  readonly movingTags: readonly string[]
  /** True: a tag is a record of its own, of which an image may have any number; else tags stand in the package's record. */
  readonly hasTagRecords: boolean
}
