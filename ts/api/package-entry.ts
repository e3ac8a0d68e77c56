import type { Entered } from '../access/access.ts'
import { nobodysId } from '../access/gate-words.ts'
import { actorOf, type Principal } from '../access/principal.ts'
import { hasCode, RegistryError } from '../errors.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { Author } from '../registry/edit.ts'
import type { Package } from '../registry/store.ts'
import { forNobodyToo, pathParam, permission } from './permissions.ts'
import type { ApiContext, ApiDeps, Permission } from './route.ts'

/** What the routes of one package work on, once the gate has let the principal in. */
export interface PackageEntered extends Entered {
  readonly package: Package
  readonly protocol: Protocol
}

type PackageAction = 'read' | 'write' | 'delete'

const who: Record<PackageAction, string> = {
  read: 'who may read the repository',
  write: 'who may write the package: also its owners',
  delete: 'who may delete in the repository, and the owners of the package',
}
const longestId = 64

/**
 * The permissions of the routes of one package, by the id in the path. An id that was never given costs and answers the
 * same as a package that may not be read.
 */
export function packagePermission({ access, registry, protocols }: ApiDeps) {
  async function enter(principal: Principal, action: PackageAction, id: string): Promise<PackageEntered> {
    const isPlausible = id.length <= longestId && id.isWellFormed()
    const found = isPlausible ? await registry.packages.get(id) : undefined
    const { repositoryId, name } = found?.value ?? { repositoryId: nobodysId, name: nobodysId }
    const entered = await access.enterRepository(principal, action, repositoryId, name).catch((err) => {
      throw hasCode(err, 'repository_unknown') ? unknownPackage() : err
    })
    if (!found) throw unknownPackage()
    return { ...entered, package: found, protocol: requireProtocol(protocols, found.value.protocol) }
  }

  return (action: PackageAction): Permission<PackageEntered> => {
    const permitted = permission(who[action], ({ principal, c }) => enter(principal, action, pathParam(c, 'id')))
    return action === 'read' ? forNobodyToo(permitted) : permitted
  }
}

/** Who changes something, for the registry's log. */
export function authorOf(principal: Principal, c: ApiContext): Author {
  return { actor: actorOf(principal).id, requestId: c.var.requestId }
}

function requireProtocol(protocols: readonly Protocol[], id: string): Protocol {
  const found = protocols.find((protocol) => protocol.id === id)
  if (found) return found
  throw new RegistryError('not_supported', `This server does not know the protocol ${id} of the package.`)
}

function unknownPackage(): RegistryError {
  return new RegistryError('package_unknown', 'There is no such package, or you may not read it.')
}
