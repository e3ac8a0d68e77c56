import { z } from 'zod'
import { id, page, pageQuery, time } from './common.ts'

const name = z.string().min(1).max(300)
const version = z.string().min(1).max(300)
const message = z.string().max(1024)

export const packageSort = z.enum(['relevance', 'name', 'updated', 'downloads', 'created'])
export type PackageSort = z.output<typeof packageSort>

/** What lists and a single package tell alike. */
const facts = {
  id,
  protocol: z.string(),
  organization: z.string().meta({ description: 'Its name' }),
  organizationId: id,
  repository: z.string().meta({ description: 'Its name' }),
  repositoryId: id,
  name: z.string(),
  latestVersion: z.string().meta({ description: 'What the tag `latest` names, else the newest' }),
  description: z.string(),
  keywords: z.array(z.string()),
  status: z.enum(['active', 'deprecated', 'archived']),
  deprecated: z.string().optional().meta({ description: 'The message, when the latest version is deprecated' }),
  downloads: z.int().meta({ description: 'Of the last 30 days' }),
  createdAt: time,
  updatedAt: time,
}

export const packageSummary = z.strictObject(facts).meta({ id: 'PackageSummary' })
export type PackageSummary = z.output<typeof packageSummary>

export const packagePage = page(packageSummary)
  .extend({
    isIncomplete: z.literal(true).optional().meta({
      description: 'More packages match than a search looks at: ask for more words',
    }),
  })
  .meta({ id: 'PackagePage' })

export const packageQuery = pageQuery.extend({
  text: z.string().max(512).optional().meta({ description: 'Words, or beginnings of words, all of which must match' }),
  protocol: z.string().max(32).optional(),
  organization: z.string().max(100).optional().meta({ description: "An organization's name or id" }),
  repository: z.string().max(100).optional().meta({
    description: "A repository's id, or its name together with organization and protocol",
  }),
  name: name.optional().meta({
    description: 'The one package of this name; without a repository in the default one of organization and protocol',
  }),
  sort: packageSort.optional().meta({ description: 'relevance with a text, else created; within a repository name' }),
})
export type PackageQuery = z.output<typeof packageQuery>

export const packageOwner = z.strictObject({ id, kind: z.enum(['user', 'robot']), name: z.string() })
export type PackageOwner = z.output<typeof packageOwner>

const tag = z.strictObject({ tag: z.string().min(1).max(300), version })

export const packageDetails = z
  .strictObject({
    ...facts,
    statusReason: z.string().optional(),
    tags: z.array(tag).meta({ description: 'Of an image the first 100' }),
    owners: z.array(packageOwner),
    install: z.string().meta({ description: 'What a person types to use it' }),
  })
  .meta({ id: 'Package' })
export type PackageDetails = z.output<typeof packageDetails>

/** What a manifest says of itself. */
const manifest = z.strictObject({
  mediaType: z.string(),
  kind: z.enum(['image', 'index']),
  artifactType: z.string().optional(),
  platforms: z.array(z.string()).optional().meta({ description: 'Of an index, such as linux/arm64/v8' }),
  subject: z.string().optional().meta({ description: 'The digest of what it is about' }),
  annotations: z.record(z.string(), z.string()),
})

const pulled = {
  pulls: z.int().optional().meta({ description: 'Of images' }),
  lastPulledAt: time.optional().meta({ description: 'Absent: never' }),
}

export const packageVersion = z
  .strictObject({
    version: z.string(),
    description: z.string(),
    keywords: z.array(z.string()),
    publishedAt: time,
    publisher: z.strictObject({ id, name: z.string() }),
    tags: z.array(z.string()).meta({ description: 'Those that name this version; of an image the first 100' }),
    files: z.int().meta({ description: 'How many' }),
    sizeBytes: z.int(),
    deprecated: z.string().optional().meta({ description: 'The message' }),
    yanked: z.string().optional().meta({ description: 'The reason; may be empty' }),
    manifest: manifest.optional().meta({ description: 'Of images, whose versions are digests' }),
    ...pulled,
  })
  .meta({ id: 'PackageVersion' })
export type PackageVersion = z.output<typeof packageVersion>

export const packageVersionPage = page(packageVersion).meta({ id: 'PackageVersionPage' })

export const packageFile = z
  .strictObject({
    name: z.string(),
    sizeBytes: z.int(),
    contentType: z.string(),
    digests: z.record(z.string(), z.string()).meta({ description: 'Hexadecimal, by algorithm; sha256 always' }),
    url: z.string().optional().meta({ description: 'Where clients fetch it, with the same credentials' }),
  })
  .meta({ id: 'PackageFile' })
export type PackageFile = z.output<typeof packageFile>

export const packageFileList = z.strictObject({ items: z.array(packageFile) }).meta({ id: 'PackageFileList' })

const versions = z.array(version).min(1).max(1000)

export const packageDeprecation = z
  .strictObject({ versions, message: message.nullable().meta({ description: '`null` takes it back' }) })
  .meta({ id: 'PackageDeprecation' })

export const packageYank = z
  .strictObject({ versions, isYanked: z.boolean(), reason: message.optional() })
  .meta({ id: 'PackageYank' })

export const packageTag = z
  .strictObject({
    ...tag.shape,
    updatedAt: time.optional().meta({ description: 'Of images: when it was last set' }),
    ...pulled,
  })
  .meta({ id: 'PackageTag' })
export type PackageTag = z.output<typeof packageTag>

export const packageTagPage = z
  .strictObject({
    tags: z.array(packageTag),
    next: z.string().optional().meta({ description: 'Of images alone: tags of others come all at once' }),
  })
  .meta({ id: 'PackageTagPage' })

export const newPackageTag = z.strictObject({ version }).meta({ id: 'NewPackageTag' })

/** All of them: a tag that is left out is removed. */
export const packageTags = z.strictObject({ tags: z.array(tag).max(1000) }).meta({ id: 'PackageTags' })

export const packageOwners = z.strictObject({ owners: z.array(packageOwner) }).meta({ id: 'PackageOwners' })

/** All of them: who is left out is owner no more. */
export const newPackageOwners = z
  .strictObject({
    owners: z.array(z.string().min(1).max(100)).min(1).max(100).meta({ description: 'Ids, or usernames' }),
  })
  .meta({ id: 'NewPackageOwners' })

export const newPackageStatus = z
  .strictObject({
    status: z.enum(['active', 'deprecated', 'archived']).meta({
      description: '`deprecated` counts for every version; `archived` takes no new ones',
    }),
    reason: message.optional().meta({ description: 'Needed for `deprecated`' }),
  })
  .meta({ id: 'NewPackageStatus' })
