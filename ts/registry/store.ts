import type { Collection, MetadataEngine, Stored } from '../metadata/engine.ts'
import type {
  ChangeDocument,
  DownloadDocument,
  FileDocument,
  IntentDocument,
  OrganizationDocument,
  PackageDocument,
  PackageFacts,
  PostingDocument,
  RepositoryDocument,
  StageDocument,
  UnitDocument,
} from '../metadata/schema.ts'
import * as schema from '../metadata/schema.ts'

export type Package = Stored<PackageDocument>
export type Unit = Stored<UnitDocument>
export type Repository = Stored<RepositoryDocument>

/** What search shows of a package, as its protocol reads it from a unit; keyed by protocol id. */
export type Describe = (protocol: string, unit: UnitDocument) => Omit<PackageFacts, 'version'>

/** The collections of the domain, opened once. */
export interface RegistryStore {
  readonly engine: MetadataEngine
  readonly packages: Collection<PackageDocument, 'byName' | 'byNameKey'>
  readonly units: Collection<UnitDocument, 'byKey' | 'bySequence'>
  readonly files: Collection<FileDocument, 'byName' | 'byUnit' | 'byDigest'>
  readonly changes: Collection<ChangeDocument, 'bySequence'>
  readonly intents: Collection<IntentDocument, 'byAge'>
  readonly postings: Collection<PostingDocument, 'byAudience' | 'byRepository' | 'byTerm' | 'byPackage'>
  readonly downloads: Collection<DownloadDocument, 'byPackage'>
  readonly stages: Collection<StageDocument, 'byReservation' | 'byRepository'>
  readonly organizations: Collection<OrganizationDocument, 'byName'>
  readonly repositories: Collection<RepositoryDocument, 'byName' | 'byRepost'>
  readonly describe: Describe
}

/** Opens the domain's collections on an engine. */
export function openRegistryStore(engine: MetadataEngine, describe: Describe): RegistryStore {
  return {
    engine,
    packages: engine.collection(schema.packages),
    units: engine.collection(schema.units),
    files: engine.collection(schema.files),
    changes: engine.collection(schema.changes),
    intents: engine.collection(schema.intents),
    postings: engine.collection(schema.postings),
    downloads: engine.collection(schema.downloads),
    stages: engine.collection(schema.stages),
    organizations: engine.collection(schema.organizations),
    repositories: engine.collection(schema.repositories),
    describe,
  }
}
