// What stands in the store of images beside their packages and units: tags, links to blobs, uploads, pulls, names.

import { defineCollection } from './engine.ts'

/** A tag of an image, by `tagId`: which manifest it names now. Written after that manifest. */
export interface ImageTagDocument {
  packageId: string
  tag: string
  /** The unit that it names, so that a manifest which is deleted and pushed again has other tags. */
  unitId: string
  /** That unit's key. */
  digest: string
  createdAt: number
  /** When it was last set, to the same manifest too. */
  updatedAt: number
  actor: string
  actorName: string
  requestId: string
}
export const imageTags = defineCollection<ImageTagDocument>()({
  name: 'imageTags',
  fieldsSince: 3,
  indexes: {
    byTag: { fields: ['packageId', 'tag'], unique: true },
    byUnit: { fields: ['unitId', 'tag'] },
  },
})

/** The id of a tag's record, so that one read finds it. */
export const tagId = (packageId: string, tag: string) => `${packageId}:${tag}`

/** By it an image's readers come to a blob; see `linkId`. Kept while a manifest of the image names it, and a while longer. */
export interface BlobLinkDocument {
  repositoryId: string
  image: string
  /** As clients name it: SHA-256 or SHA-512. */
  digest: string
  /** The stored blob's: always SHA-256. */
  blob: string
  sizeBytes: number
  /** When it was last uploaded, mounted or asked for; moved at most hourly by questions. */
  touchedAt: number
  /** Somebody is about to remove it; a manifest that comes to name it takes this away, which keeps it. */
  deletingAt?: number
}
export const blobLinks = defineCollection<BlobLinkDocument>()({
  name: 'blobLinks',
  fieldsSince: 3,
  indexes: {
    byImage: { fields: ['repositoryId', 'image', 'digest'], unique: true },
    byBlob: { fields: ['blob'] },
    byAge: { fields: ['touchedAt'] },
    byRepositoryBlob: { fields: ['repositoryId', 'blob'] },
  },
})

/** The id of a link's record, so that one read finds it. */
export const linkId = (repositoryId: string, image: string, digest: string) => `${repositoryId}/${image}@${digest}`

/** An upload between its requests. Its revision is what keeps two writers apart. */
export interface UploadDocument {
  repositoryId: string
  image: string
  /** A user's or robot's id: nobody else comes to it. */
  ownerId: string
  /** Of the digest that the client will name, when it said so at the beginning. */
  algorithm?: 'sha256' | 'sha512'
  /** Bytes that were answered as received. */
  sizeBytes: number
  /** Where they wait, in the blob store's own words; see `UploadState`. */
  place: string
  /** Who writes to it now, and until when (epoch milliseconds) nobody else may, unless that is prolonged. */
  lease?: { holder: string; until: number }
  startedAt: number
  expiresAt: number
}
export const uploads = defineCollection<UploadDocument>()({
  name: 'uploads',
  fieldsSince: 3,
  indexes: {
    byRepository: { fields: ['repositoryId', 'image'] },
    byOwner: { fields: ['ownerId', 'startedAt'] },
    byExpiry: { fields: ['expiresAt'] },
  },
})

/** How often a tag or digest was pulled, and when last; by `pullId`. */
export interface PullDocument {
  packageId: string
  /** A tag, or a manifest's digest. */
  reference: string
  pulls: number
  lastPulledAt: number
}
export const pulls = defineCollection<PullDocument>()({
  name: 'pulls',
  fieldsSince: 3,
  indexes: { byPackage: { fields: ['packageId', 'reference'], unique: true } },
  counters: ['pulls'],
})

/** The id of the record that counts the pulls of a tag or digest. */
export const pullId = (packageId: string, reference: string) => `${packageId}:${reference}`

/**
 * Who has a name as the component after the organization's in the names of images: a repository, or images of the
 * organization's default repository. One record, so that neither takes the other's images later. By `imageNameId`.
 */
export interface ImageNameDocument {
  organizationId: string
  name: string
  claimedBy: 'repository' | 'images'
  /** When somebody last asked for it, epoch milliseconds; moved every few minutes at most. */
  touchedAt: number
}
export const imageNames = defineCollection<ImageNameDocument>()({
  name: 'imageNames',
  fieldsSince: 3,
  indexes: { byName: { fields: ['organizationId', 'name'], unique: true } },
})

/** The id of a name's record. */
export const imageNameId = (organizationId: string, name: string) => `${organizationId}:${name}`
