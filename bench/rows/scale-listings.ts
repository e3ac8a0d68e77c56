import { askTurn, questionsOf } from '../asking.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { organizationId } from '../platform/people.ts'
import { repositoriesEach, repositoryId } from '../platform/places.ts'
import { type PreparedPlatform, packageCounts, preparedPlatform, startAll } from '../platform/prepared.ts'
import type { Line } from '../results.ts'
import { alternate } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import { compared } from './compared.ts'
import type { Row } from './row.ts'

const table = 'Listings of 10, few packages against very many, median'
/** Both installations have as many organizations; the first has a fifth of all packages. */
const organizations = 10

interface Listing {
  readonly title: string
  readonly paths: readonly string[]
  /** As whom: the platform's admin, or a member of three organizations. */
  readonly as?: 'ofThree'
}

/** Pages of what there is, in a small installation and in a large one. */
export const scaleListingsRow: Row = {
  id: 'scale-listings',
  title: 'listings at 1,000,000 packages against 1,000',
  async run(setting) {
    const { few, many } = packageCounts(setting)
    const sides = [await preparedPlatform(setting, few), await preparedPlatform(setting, many)]
    const servers = await startAll(sides)
    try {
      const lines: Line[] = []
      for (const listing of listings()) lines.push(await line(setting, listing, sides, servers))
      return lines
    } finally {
      for (const server of servers) await server.stop()
    }
  },
}

function listings(): Listing[] {
  const numbers = Array.from({ length: organizations }, (_, i) => i)
  const ofOrganization = (what: string) =>
    numbers.map((i) => `/api/v1/organizations/${organizationId(i)}/${what}?limit=10`)
  const repositories = numbers.flatMap((i) => repositoriesEach.map((_, j) => repositoryId(i, j)))
  return [
    { title: 'users', paths: ['/api/v1/users?limit=10'] },
    { title: 'organizations', paths: ['/api/v1/organizations?limit=10'] },
    { title: 'organizations that one belongs to', paths: ['/api/v1/organizations?limit=10'], as: 'ofThree' },
    { title: 'members of an organization', paths: ofOrganization('members') },
    { title: 'teams of an organization', paths: ofOrganization('teams') },
    { title: 'repositories of an organization', paths: ofOrganization('repositories') },
    {
      title: 'packages of a repository',
      paths: repositories.map((id) => `/api/v1/packages?repository=${id}&limit=10`),
    },
  ]
}

async function line(
  { rounds, seconds }: Setting,
  { title, paths, as }: Listing,
  sides: readonly PreparedPlatform[],
  servers: readonly Contestant[],
): Promise<Line> {
  const turns = servers.map((server, i) => {
    const token = as === undefined ? sides[i]?.token : sides[i]?.platform.callers[as].token
    const questions = questionsOf(new URL(server.registry).origin, paths, token)
    return askTurn(server.name, 'p50Ms', () => ({ questions, clients: 1, seconds }))
  })
  return compared(table, title, 'ms', await alternate(rounds, turns))
}
