import { RegistryError } from '../errors.ts'
import type { MembershipDocument, OrganizationDocument } from '../metadata/access-schema.ts'
import type { Collection } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { present } from './gone.ts'

const pageSize = 1000

interface Deps {
  readonly organizations: Collection<OrganizationDocument>
  readonly memberships: Collection<MembershipDocument, 'byOrganization' | 'byUser'>
  readonly membershipOf: (organizationId: string, userId: string) => Promise<MembershipDocument | undefined>
}

/**
 * Owners of organizations, kept in the organization's own record as well, so that of two who take each other's office
 * one is refused. A membership alone says who is an owner; who is off the record is no longer counted.
 */
export function organizationOwners({ organizations, memberships, membershipOf }: Deps) {
  async function fromMemberships(organizationId: string): Promise<readonly string[]> {
    const ids: string[] = []
    for (let after: string | undefined; ; ) {
      const query = { equals: { organizationId }, limit: pageSize, ...(after !== undefined && { after }) }
      const page = await memberships.find('byOrganization', query)
      ids.push(...page.items.filter(({ value }) => value.role === 'owner').map(({ value }) => value.userId))
      if (page.next === undefined) return ids
      after = page.next
    }
  }

  async function known(id: string): Promise<readonly string[] | undefined> {
    const organization = await organizations.get(id)
    return organization && (organization.value.owners ?? (await fromMemberships(id)))
  }

  async function otherOwners(id: string, userId: string): Promise<readonly string[]> {
    const others = ((await known(id)) ?? []).filter((other) => other !== userId)
    const found = await Promise.all(others.map((other) => membershipOf(id, other)))
    return found.flatMap((membership) => (membership?.role === 'owner' ? [membership.userId] : []))
  }

  return {
    /** Before a membership makes the user an owner. An organization that is not there yet is success. */
    async add(id: string, userId: string): Promise<void> {
      const before = await known(id)
      if (!before) return
      await changeDocument(organizations, id, (organization) => {
        const owners = organization.owners ?? before
        return { ...organization, owners: [...owners.filter((owner) => owner !== userId), userId] }
      })
    },

    /**
     * Before an owner's membership ends or becomes another. Throws `unprocessable` when no other owner is left, unless
     * the organization itself is being deleted.
     */
    async remove(id: string, userId: string): Promise<void> {
      for (;;) {
        const organization = present(await organizations.get(id))
        if (!organization || (await swapped(id, organization.revision, await requireOthers(id, userId)))) return
      }
    },

    /** Throws as `remove`, and changes nothing. */
    async requireOther(id: string, userId: string): Promise<void> {
      if (present(await organizations.get(id))) await requireOthers(id, userId)
    },
  }

  async function requireOthers(id: string, userId: string): Promise<readonly string[]> {
    const owners = await otherOwners(id, userId)
    if (owners.length === 0) throw lastOwner([(await organizations.get(id))?.value.name ?? ''])
    return owners
  }

  /** False when the organization was changed in between: then its owners are looked at again. */
  async function swapped(id: string, revision: number, owners: readonly string[]): Promise<boolean> {
    const organization = await organizations.get(id)
    if (organization?.revision !== revision) return false
    return organizations.update(id, revision, { ...organization.value, owners }).then(
      () => true,
      (err: unknown) => {
        if (err instanceof RegistryError && err.code === 'revision_stale') return false
        throw err
      },
    )
  }
}

/** The refusal to take the last owner from these organizations, by name. */
export function lastOwner(names: readonly string[]): RegistryError {
  const which = new Intl.ListFormat('en-GB').format(names)
  const what = names.length === 1 ? 'organization' : 'organizations'
  const message = `This is the last owner of the ${what} ${which}. Make somebody else an owner first.`
  return new RegistryError('unprocessable', message, { field: 'role' })
}
