import type { OrganizationDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { Collection, MetadataEngine, Stored } from '../metadata/engine.ts'
import type { BlobLinkDocument, ImageTagDocument } from '../metadata/image-schema.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import type {
  ChangeDocument,
  DownloadDocument,
  FileDocument,
  IntentDocument,
  PackageDocument,
  PackageFacts,
  PostingDocument,
  StageDocument,
  UnitDocument,
} from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { type Fences, withoutFences } from './fences.ts'

export type Package = Stored<PackageDocument>
export type Unit = Stored<UnitDocument>
export type Repository = Stored<RepositoryDocument>

/** What search shows of a package, as its protocol reads it from a unit; keyed by protocol id. */
export type Describe = (protocol: string, unit: UnitDocument) => Omit<PackageFacts, 'version'>

/** Whether the key of a deleted unit stays taken, in packages of a protocol. */
export type KeepsTombstones = (protocol: string) => boolean

/** The collections of the domain, opened once. */
export interface RegistryStore {
  readonly engine: MetadataEngine
  readonly packages: Collection<PackageDocument, 'byName' | 'byNameKey' | 'byPath'>
  readonly units: Collection<UnitDocument, 'byKey' | 'bySequence' | 'bySubject'>
  /** Among the units, and hidden there. */
  readonly fences: Fences
  readonly files: Collection<FileDocument, 'byName' | 'byUnit' | 'byDigest'>
  readonly changes: Collection<ChangeDocument, 'bySequence'>
  readonly intents: Collection<IntentDocument, 'byAge'>
  readonly postings: Collection<PostingDocument, 'byAudience' | 'byRepository' | 'byTerm' | 'byPackage'>
  readonly downloads: Collection<DownloadDocument, 'byPackage'>
  readonly stages: Collection<StageDocument, 'byReservation' | 'byRepository'>
  readonly organizations: Collection<OrganizationDocument, 'byName'>
  readonly repositories: Collection<RepositoryDocument, 'byName' | 'byRepost'>
  readonly imageTags: Collection<ImageTagDocument, 'byTag' | 'byUnit'>
  readonly blobLinks: Collection<BlobLinkDocument, 'byImage' | 'byBlob' | 'byAge'>
  readonly describe: Describe
  readonly keepsTombstones: KeepsTombstones
}

/** Opens the domain's collections on an engine. */
export function openRegistryStore(
  engine: MetadataEngine,
  describe: Describe,
  keepsTombstones: KeepsTombstones = () => true,
): RegistryStore {
  return {
    engine,
    packages: engine.collection(packageSchema.packages),
    units: withoutFences(engine.collection(packageSchema.units)),
    fences: engine.collection(packageSchema.fences),
    files: engine.collection(packageSchema.files),
    changes: engine.collection(packageSchema.changes),
    intents: engine.collection(packageSchema.intents),
    postings: engine.collection(packageSchema.postings),
    downloads: engine.collection(packageSchema.downloads),
    stages: engine.collection(packageSchema.stages),
    organizations: engine.collection(accessSchema.organizations),
    repositories: engine.collection(accessSchema.repositories),
    imageTags: engine.collection(imageSchema.imageTags),
    blobLinks: engine.collection(imageSchema.blobLinks),
    describe,
    keepsTombstones,
  }
}
