import { z } from 'zod'
import { id, page, pageQuery, time, visibility } from './common.ts'

const name = z.string().min(1).max(64)
const protocol = z.string().min(1).max(32)
const description = z.string().max(1000)

const days = z.int().min(0).max(36_500)

/** What of the tags and manifests of images goes by itself; see docs/oci.md. */
export const retentionRule = z
  .strictObject({
    keepLast: z.int().min(1).max(1000).optional().meta({
      description: 'So many tags of each image stay: those that were pushed last',
    }),
    keepMatching: z.array(z.string().min(1).max(128)).max(50).optional().meta({
      description: 'Patterns; `*` at the end matches the rest. Tags that one matches stay',
    }),
    olderThanDays: days.optional().meta({ description: 'Tags go that were last pushed longer ago' }),
    unpulledDays: days.min(1).optional().meta({
      description: 'Tags go that were neither pushed nor pulled for longer',
    }),
    untaggedDays: days.min(1).optional().meta({
      description: 'Manifests go that no tag and no index names and that were neither pushed nor pulled for longer',
    }),
  })
  .meta({ id: 'RetentionRule' })
export type RetentionRule = z.output<typeof retentionRule>

/** A repository and its settings; permissions are a list of their own. */
export const repository = z
  .strictObject({
    id,
    organizationId: id,
    organization: z.string().meta({ description: "The organization's name" }),
    protocol: z.string(),
    name: z.string(),
    isDefault: z.boolean().meta({ description: "The organization's default of its protocol, which is named like it" }),
    visibility: visibility.meta({ description: 'Bounded by that of the organization' }),
    description: z.string(),
    requiresApproval: z.boolean(),
    refusesSimilarNames: z.boolean(),
    ownersOnly: z.boolean(),
    immutableTags: z.array(z.string()),
    retention: retentionRule.optional().meta({ description: 'Absent: nothing goes by itself' }),
    isDisabled: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'Repository' })
export type Repository = z.output<typeof repository>

export const repositoryPage = page(repository).meta({ id: 'RepositoryPage' })

export const repositoryQuery = pageQuery.extend({
  organization: z.string().min(1).max(100).optional().meta({ description: 'An id or a name' }),
  protocol: protocol.optional(),
  name: name.optional(),
})

const settings = {
  visibility: visibility.optional(),
  description: description.optional(),
  requiresApproval: z
    .boolean()
    .optional()
    .meta({ description: 'What is published waits for somebody else than its publisher to approve it' }),
  refusesSimilarNames: z
    .boolean()
    .optional()
    .meta({ description: 'New names that differ in case, `-`, `_` and `.` alone are refused' }),
  ownersOnly: z.boolean().optional().meta({ description: 'A package that exists is written by its owners alone' }),
  immutableTags: z.array(z.string().min(1).max(128)).max(50).optional().meta({
    description:
      'Patterns; `*` at the end matches the rest. A tag that one matches is neither moved nor removed, nor is its version',
  }),
  retention: retentionRule.nullable().optional().meta({
    description: 'Of a repository of images: what goes by itself, daily; `null`: nothing',
  }),
}

/** Private and without policies, unless it says otherwise. */
export const newRepository = z.strictObject({ protocol, name, ...settings }).meta({ id: 'NewRepository' })
export type NewRepository = z.output<typeof newRepository>

/** What is absent stays. */
export const repositoryChanges = z
  .strictObject({
    ...settings,
    isDisabled: z.boolean().optional().meta({ description: 'It gives nobody anything; its admins enable it again' }),
  })
  .meta({ id: 'RepositoryChanges' })
export type RepositoryChanges = z.output<typeof repositoryChanges>

export const permissionRole = z.enum(['reader', 'developer', 'maintainer', 'admin'])

/** What a repository gives one user, team or robot directly. */
export const repositoryPermission = z
  .strictObject({
    holderId: id,
    kind: z.enum(['user', 'team', 'robot']),
    name: z.string().meta({ description: "A username, or a team's or robot's name" }),
    role: permissionRole.or(z.literal('team')).meta({ description: '`team`: it works here, see teams' }),
  })
  .meta({ id: 'RepositoryPermission' })
export type RepositoryPermission = z.output<typeof repositoryPermission>

export const repositoryPermissionPage = page(repositoryPermission).meta({ id: 'RepositoryPermissionPage' })

export const permissionChanges = z.strictObject({ role: permissionRole }).meta({ id: 'PermissionChanges' })

/** A rule to try; absent: the repository's own. */
export const retentionPreview = z.strictObject({ rule: retentionRule.optional() }).meta({ id: 'RetentionPreview' })

/** A tag or manifest that would go. */
export const retentionFinding = z
  .strictObject({
    kind: z.enum(['tag', 'manifest']),
    image: z.string().meta({ description: 'Its name in the repository' }),
    packageId: id,
    tag: z.string().optional().meta({ description: 'Absent of a manifest' }),
    digest: z.string(),
    pushedAt: time,
    lastPulledAt: time.optional().meta({ description: 'Absent: never' }),
    why: z.string(),
  })
  .meta({ id: 'RetentionFinding' })
export type RetentionFinding = z.output<typeof retentionFinding>

export const retentionPage = page(retentionFinding).meta({ id: 'RetentionPage' })
