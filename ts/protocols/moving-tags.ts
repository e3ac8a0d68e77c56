import { protocols } from './all.ts'

/** The tags that every publish moves in repositories of the protocol; see `PackageRules`. */
export function movingTagsOf(protocol: string): readonly string[] {
  return protocols.find(({ id }) => id === protocol)?.rules.movingTags ?? []
}

/** Are the protocol's tags records of their own, named as tags of images are? */
export function hasImageTags(protocol: string): boolean {
  return protocols.find(({ id }) => id === protocol)?.rules.hasTagRecords ?? false
}
