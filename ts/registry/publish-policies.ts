import { RegistryError } from '../errors.ts'
import { requireTagsStay } from './immutable-tags.ts'
import { requireOpen } from './package-status.ts'
import { packageByName, unitByKey } from './packages.ts'
import { isVisible, type marksOf } from './policy.ts'
import type { PublishRequest } from './publish-request.ts'
import { removalOf } from './removal.ts'
import type { RegistryStore, Unit } from './store.ts'

/** Throws what forbids a publish before its bytes are kept, so that a refusal leaves nothing behind. */
export async function checkPolicies(store: RegistryStore, request: PublishRequest): Promise<void> {
  if (request.repository.value.requiresApproval && request.approvedStageId === undefined) {
    throw new RegistryError(
      'access_denied',
      `Repository "${request.repository.value.name}" accepts staged publishes only: stage this version and let somebody else approve it.`,
    )
  }
  const pkg = await packageByName(store, request.repository.id, request.packageName)
  if (pkg) {
    const taken = await unitByKey(store, pkg.id, request.unitKey)
    // A unit that no package record counts yet was inserted by somebody else: whoever inserts next completes it.
    const isTaken = taken && taken.value.sequence <= pkg.value.published
    if (isTaken && removalOf(pkg.value, request.unitKey) === undefined) throw takenUnit(request, taken, pkg.value.marks)
  }
  if (pkg && isVisible(pkg.value)) {
    requireOpen(pkg.value)
    requireTagsStay(request, pkg.value)
  } else await checkSimilarNames(store, request)
  await checkReservation(store, request)
}

/** The refusal of a unit key that has been used: still there, or deleted and never to be used again. */
export function takenUnit(
  request: Pick<PublishRequest, 'packageName' | 'version' | 'unitKey'>,
  taken: Unit,
  marks: Parameters<typeof marksOf>[0]['marks'],
): RegistryError {
  const what = `${request.packageName} ${taken.value.version}`
  return new Map(marks).get(request.unitKey)?.deletedAt === undefined
    ? new RegistryError('version_exists', `${what} is already published; versions never change, publish a higher one.`)
    : new RegistryError(
        'version_exists',
        `${what} was deleted, and its number is not used again; publish a higher version.`,
      )
}

async function checkSimilarNames(store: RegistryStore, request: PublishRequest): Promise<void> {
  if (!request.repository.value.refusesSimilarNames) return
  const equals = { repositoryId: request.repository.id, nameKey: request.nameKey }
  const page = await store.packages.find('byNameKey', { equals, limit: 20 })
  const similar = page.items.find((pkg) => pkg.value.name !== request.packageName && isVisible(pkg.value))
  if (similar) {
    throw new RegistryError(
      'name_taken',
      `The name "${request.packageName}" is too similar to the existing package "${similar.value.name}".`,
      { field: 'name' },
    )
  }
}

async function checkReservation(store: RegistryStore, request: PublishRequest): Promise<void> {
  const { repository, packageName, unitKey } = request
  const equals = { repositoryId: repository.id, packageName, reservation: unitKey }
  const page = await store.stages.find('byReservation', { equals, limit: 1 })
  const reserved = page.items[0]
  if (reserved && reserved.id !== request.approvedStageId) throw reservedKey(request)
}

/** The refusal of a unit key that an open stage holds. */
export function reservedKey(request: Pick<PublishRequest, 'packageName' | 'version'>): RegistryError {
  return new RegistryError(
    'version_exists',
    `${request.packageName} ${request.version} is staged and waits for approval; its number is reserved.`,
  )
}
