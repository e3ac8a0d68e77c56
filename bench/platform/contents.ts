import { createHash } from 'node:crypto'
import type { PackageDocument, PostingDocument, UnitDocument } from '../../ts/metadata/package-schema.ts'
import { describeUnit } from '../../ts/protocols/all.ts'
import { unitMetadata } from '../../ts/protocols/npm/unit.ts'
import { audienceIn, postingsOf } from '../../ts/registry/postings.ts'
import { newPackage, unitDocument } from '../../ts/registry/publish.ts'
import type { PublishRequest } from '../../ts/registry/publish-request.ts'
import type { Repository } from '../../ts/registry/store.ts'
import { counting } from '../../ts/registry/swap.ts'
import { type Chance, chance, idOf } from './chance.ts'
import { type Made, nameOfUser, organizationId, userId } from './people.ts'
import { organizationDocument, organizationName, repositoriesEach, repositoryDocument, repositoryId } from './places.ts'
import { membersEach, type PlatformSize } from './size.ts'
import { drawWord, drawWords } from './words.ts'

/** Bytes that are stored; packages share them. */
export interface StoredBlob {
  readonly digest: string
  readonly sizeBytes: number
  readonly integrity: string
  readonly shasum: string
}

/** What one publish leaves, without its place in the repository's change log. */
export interface PackageContents {
  readonly package: Made<PackageDocument>
  readonly unit: Made<UnitDocument>
  readonly postings: ReadonlyMap<string, PostingDocument>
}

const version = '1.0.0'

/** Where packages are, and who may find them there. */
export interface Place {
  readonly organizationName: string
  readonly repository: Repository
  readonly audience: string
}

/** What a publish asked for, and where. */
export interface Plan extends Place {
  readonly request: PublishRequest
}

/** The places of an installation, each made once. */
export function placesIn(size: PlatformSize): (organization: number, repository: number) => Place {
  const places = new Map<string, Place>()
  return (organization, number) => {
    const id = repositoryId(organization, number)
    const known = places.get(id)
    if (known) return known
    const repository = { id, revision: 1, value: repositoryDocument(organization, number, size) }
    const owner = { id: organizationId(organization), value: organizationDocument(organization) }
    const made = {
      organizationName: owner.value.name,
      repository,
      audience: audienceIn(owner, repository.value),
    }
    places.set(id, made)
    return made
  }
}

/** The publish of the package of this number. */
export function planOf(
  number: number,
  { organizations }: PlatformSize,
  placeOf: ReturnType<typeof placesIn>,
  blob: StoredBlob,
): Plan {
  const draw = chance(number + 1)
  const organization = organizationOf(draw, organizations)
  const place = placeOf(organization, repositoryOf(draw))
  const packageName = nameOf(number, organization, draw)
  const publisher = publisherOf(organization, draw)
  const { digest, sizeBytes } = blob
  const file = `${packageName.slice(packageName.indexOf('/') + 1)}-${version}.tgz`
  const request = {
    repository: place.repository,
    packageName,
    nameKey: packageName.replace(/[-_.]/g, ''),
    unitKey: version,
    version,
    metadata: unitMetadata({
      manifest: manifestOf(packageName, organization, draw),
      dist: { ...distOf(packageName, blob), fileCount: 3, unpackedSize: sizeBytes * 3 },
      hasInstallScript: false,
      hasShrinkwrap: false,
      publisher: nameOfUser(publisher),
    }),
    files: [{ name: file, digest, sizeBytes, mediaType: 'application/octet-stream' }],
    tags: ['latest'],
    tagsIfAbsent: ['latest'],
    publisherId: userId(publisher),
    publisherName: nameOfUser(publisher).name,
    requestId: idOf('req', number),
  }
  return { ...place, request }
}

/** The records that it leaves, made as the registry makes them. */
export function contentsOf(number: number, { request, audience }: Plan): PackageContents {
  const packageId = idOf('pkg', number)
  const unit = unitDocument(packageId, 1, request)
  const value = counting({ describe: describeUnit }, newPackage(request), unit)
  return {
    package: { id: packageId, value },
    unit: { id: idOf('unt', number), value: unit },
    postings: postingsOf({ id: packageId, value }, audience),
  }
}

/** A fifth of all packages belong to the first organization; of the others, a few have many and most have few. */
function organizationOf(draw: Chance, organizations: number): number {
  return draw.next() < 0.2 ? 0 : 1 + draw.skewed(organizations - 1)
}

function repositoryOf(draw: Chance): number {
  let rest = draw.next()
  return Math.max(
    0,
    repositoriesEach.findIndex(({ share }) => {
      rest -= share
      return rest < 0
    }),
  )
}

/** The package's number at the end makes the name its own. */
function nameOf(number: number, organization: number, draw: Chance): string {
  const base = `${drawWord(draw)}-${drawWord(draw)}-${number.toString(36)}`
  return draw.next() < 0.5 ? `@${organizationName(organization)}/${base}` : base
}

function publisherOf(organization: number, draw: Chance): number {
  return organization * membersEach + draw.below(membersEach)
}

function manifestOf(name: string, organization: number, draw: Chance): Record<string, unknown> {
  return {
    name,
    version,
    description: drawWords(draw, 4).join(' '),
    main: 'index.js',
    license: 'MIT',
    author: nameOfUser(publisherOf(organization, draw)).name,
    keywords: drawWords(draw, 2),
    repository: { type: 'git', url: `git+https://git.example.com/${name}.git` },
    engines: { node: '>=18' },
    scripts: { test: 'node --test' },
    dependencies: Object.fromEntries(drawWords(draw, 5).map((word) => [word, '^1.0.0'])),
  }
}

/** The signature is none, but as long as one. */
function distOf(packageName: string, { integrity, shasum }: StoredBlob) {
  const sig = createHash('sha512').update(packageName).digest('base64')
  return { integrity, shasum, signatures: [{ keyid: 'SHA256:none', sig }] }
}
