import { matchesPattern } from '../access/name-patterns.ts'
import { RegistryError } from '../errors.ts'
import type { RepositoryDocument } from '../metadata/access-schema.ts'
import type { PackageDocument } from '../metadata/package-schema.ts'
import type { PublishRequest } from './publish-request.ts'
import type { Edit } from './swap.ts'

type Tags = PackageDocument['tags']

/** Throws `access_denied` when the publish would move a tag that its repository keeps where it is. */
export function requireTagsStay(request: PublishRequest, pkg: PackageDocument): void {
  const wanted = new Map(request.tags.map((tag) => [tag, request.version]))
  requireStay(request.repository.value, pkg, new Map([...pkg.tags, ...wanted]))
}

/**
 * The tags that a publish asks for, as its unit keeps them: an immutable one points at it only when there is none of that
 * name. So whoever completes the publish, a tag that somebody set after the publish was checked stays.
 */
export function tagsToKeep({ repository, tags, tagsIfAbsent }: PublishRequest) {
  const isImmutable = (tag: string) => patternFor(repository.value, tag) !== undefined
  return {
    tags: tags.filter((tag) => !isImmutable(tag)),
    tagsIfAbsent: [...tagsIfAbsent, ...tags.filter((tag) => isImmutable(tag) && !tagsIfAbsent.includes(tag))],
  }
}

/** The edit, which throws `access_denied` when it would move or remove a tag that the repository keeps where it is. */
export function keepingTags(repository: RepositoryDocument, edit: Edit): Edit {
  return (pkg) => {
    const edited = edit(pkg)
    if (edited?.tags) requireStay(repository, pkg, new Map(edited.tags))
    return edited
  }
}

/** A deletion takes its versions' tags along, so an immutable tag keeps its version, too. */
function requireStay(
  repository: RepositoryDocument,
  pkg: { name: string; tags: Tags },
  next: ReadonlyMap<string, string>,
) {
  for (const [tag, version] of pkg.tags) {
    if (next.get(tag) === version) continue
    const pattern = patternFor(repository, tag)
    if (pattern === undefined) continue
    throw new RegistryError(
      'access_denied',
      `The tag "${tag}" of ${pkg.name} stays at ${version}, and ${version} stays: by its setting "immutable tags", repository "${repository.name}" neither moves nor removes tags that match "${pattern}".`,
    )
  }
}

/** The pattern by which the repository keeps the tag where it is. */
export function patternFor({ immutableTags = [] }: RepositoryDocument, tag: string): string | undefined {
  return immutableTags.find((pattern) => matchesPattern(pattern, tag))
}
