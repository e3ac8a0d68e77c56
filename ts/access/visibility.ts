import type { OrganizationDocument, RepositoryDocument, Visibility } from '../metadata/access-schema.ts'

const openness: Record<Visibility, number> = { private: 0, internal: 1, public: 2 }

/** What a repository shows: its own visibility, bounded by its organization's. */
export function effectiveVisibility(
  organization: Pick<OrganizationDocument, 'visibility'>,
  repository: Pick<RepositoryDocument, 'visibility'>,
): Visibility {
  return openness[organization.visibility] < openness[repository.visibility]
    ? organization.visibility
    : repository.visibility
}
