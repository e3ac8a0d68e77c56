import { apiPackageLines } from './api-package-rows.ts'
import { apiPlaceLines } from './api-place-rows.ts'
import type { Need } from './model.ts'
import { account, nothing, organization, platform, type Row, repository, signedIn } from './row.ts'
import { type NameKey, type Names, usernameOf } from './world.ts'

/** A line of the table below `/api/v1`. */
export interface ApiLine {
  /** `GET /users/:id`, below `/api/v1`. */
  readonly line: string
  readonly needs: Row['needs']
  /** What the parameters of the path name, in order; text in quotes stands for itself. */
  readonly of?: readonly (NameKey | `"${string}"`)[]
  readonly unknown?: string | readonly string[]
  /** Default: 200, and for all but GET a refusal of a parameter that no route has, which comes after the gate. */
  readonly done?: Row['done']
  readonly query?: string | ((names: Names, username: string) => string)
  readonly body?: (names: Names) => unknown
  /** Default: what the parameters of the path name. */
  readonly hides?: readonly NameKey[]
  readonly lists?: readonly [word: string, need: Need]
  /** True: what others do is done, and changes nothing. */
  readonly isHarmless?: boolean
}

const readOrganization: readonly Need[] = [organization('read')]
const administer: readonly Need[] = [organization('admin')]
const manyNames = { unknown: 'organization_unknown' } as const

const endedToken = { name: 'x', actions: ['admin'], cidrs: ['192.0.2.0/24'], expiresAt: '2020-01-01T00:00:00.000Z' }

const ownLines: readonly ApiLine[] = [
  { line: 'GET /openapi.json', needs: nothing },
  { line: 'GET /docs', needs: nothing },
  { line: 'GET /docs/viewer.js', needs: nothing },

  { line: 'POST /auth/login', needs: nothing },
  { line: 'POST /auth/refresh', needs: nothing },
  { line: 'POST /auth/logout', needs: nothing },
  { line: 'GET /auth/me', needs: [signedIn] },
  { line: 'GET /auth/providers', needs: nothing },
  { line: 'GET /auth/sessions', needs: [account('read')] },
  { line: 'DELETE /auth/sessions', needs: [account('admin')] },
  { line: 'DELETE /auth/sessions/:id', needs: [account('admin')], of: ['"ses_none"'] },

  { line: 'GET /users', needs: [account('read')] },
  { line: 'POST /users', needs: [platform('admin')] },
  { line: 'GET /users/:id', needs: [account('read')], of: ['"bystander"'] },
  { line: 'PUT /users/:id', needs: [account('admin'), platform('admin')], of: ['"bystander"'] },
  { line: 'DELETE /users/:id', needs: [account('admin'), platform('admin')], of: ['"bystander"'] },
  { line: 'PUT /users/:id/password', needs: [account('admin'), platform('admin')], of: ['"bystander"'] },

  { line: 'GET /organizations', needs: [signedIn] },
  { line: 'POST /organizations', needs: [platform('admin')] },
  { line: 'GET /organizations/:id', needs: readOrganization, of: ['organizationId'], ...manyNames },
  { line: 'GET /organizations/:id', needs: readOrganization, of: ['organization'], ...manyNames },
  { line: 'PUT /organizations/:id', needs: administer, of: ['organizationId'], ...manyNames },
  { line: 'GET /organizations/:id/members', needs: readOrganization, of: ['organizationId'], ...manyNames },
  { line: 'POST /organizations/:id/members', needs: administer, of: ['organizationId'], ...manyNames },
  {
    line: 'PUT /organizations/:id/members/:userId',
    needs: administer,
    of: ['organizationId', '"someone-in-it"'],
    ...manyNames,
  },
  {
    line: 'DELETE /organizations/:id/members/:userId',
    needs: administer,
    of: ['organizationId', '"someone-in-it"'],
    ...manyNames,
  },

  { line: 'GET /tokens', needs: [account('read')] },
  { line: 'GET /tokens', needs: [account('read'), platform('read')], query: '?user=bystander' },
  { line: 'POST /tokens', needs: [account('admin')] },
  // Limits name what the maker reads; then it fails, having ended before it began.
  {
    line: 'POST /tokens',
    needs: [account('admin'), organization('read')],
    unknown: 'unprocessable',
    done: '400 payload_invalid',
    isHarmless: true,
    body: (names) => ({ ...endedToken, organizations: [names.organization] }),
    hides: ['organization'],
  },
  {
    line: 'POST /tokens',
    needs: [account('admin'), repository('read')],
    unknown: 'unprocessable',
    done: '400 payload_invalid',
    isHarmless: true,
    body: (names) => ({ ...endedToken, repositories: [names.repositoryId] }),
    hides: ['repositoryId'],
  },
  { line: 'GET /tokens/:tokenId', needs: [account('read')], of: ['memberToken'], done: '404 token_unknown' },
  { line: 'DELETE /tokens/:tokenId', needs: [account('admin')], of: ['memberToken'] },
  { line: 'POST /tokens/:tokenId/rotate', needs: [account('admin')], of: ['memberToken'] },

  { line: 'GET /admin/settings', needs: [platform('read')] },
  { line: 'PUT /admin/settings', needs: [platform('admin')] },
  { line: 'GET /admin/stats', needs: [platform('read')] },
  { line: 'GET /admin/storage', needs: [platform('read')] },
  { line: 'GET /admin/jobs', needs: [platform('read')] },
  { line: 'POST /admin/jobs/:name/run', needs: [platform('admin')], of: ['"usage"'] },
  { line: 'GET /admin/deleted-names', needs: [platform('read')], query: '?kind=organization' },
  { line: 'DELETE /admin/deleted-names/:id', needs: [platform('admin')], of: ['"none"'] },
  { line: 'GET /audit', needs: [platform('read')] },
]

const lines: readonly ApiLine[] = [...ownLines, ...apiPlaceLines, ...apiPackageLines]

/** Every line of the REST API, and of each of its paths that other methods are not for it. */
export function apiRows(): Row[] {
  const paths = new Set(lines.filter(({ line }) => !isDescription(line)).map(({ line }) => line.split(' ')[1] ?? ''))
  return [...lines.map(rowOf), ...[...paths].map(otherMethods)]
}

function isDescription(line: string): boolean {
  return line.startsWith('GET /docs') || line === 'GET /openapi.json'
}

function rowOf({ line, of = [], done, query, body, isHarmless, hides, ...row }: ApiLine): Row {
  const [method = '', pattern = ''] = line.split(' ')
  const isRead = method === 'GET'
  const stray = isRead || isHarmless ? '' : '?no-such-parameter=1'
  return {
    ...row,
    surface: 'api',
    route: `${method} /api/v1${pattern}`,
    done: done ?? (isRead || isHarmless ? '200' : '400 payload_invalid'),
    hides: hides ?? of.filter((key): key is NameKey => !key.startsWith('"')),
    request: (names, kind) => {
      const search = typeof query === 'function' ? query(names, usernameOf(kind)) : (query ?? stray)
      const left = [...of]
      const path = pattern.replaceAll(/:\w+/g, () => {
        const key = left.shift() ?? ''
        return key in names ? names[key as NameKey] : key.slice(1, -1)
      })
      return { method, path: `/api/v1${path}${search}`, ...(body && { body: body(names) }) }
    },
  }
}

function otherMethods(pattern: string): Row {
  return {
    surface: 'api',
    route: `ALL /api/v1${pattern}`,
    needs: nothing,
    done: '405 method_not_allowed',
    request: () => ({ method: 'PATCH', path: `/api/v1${pattern.replaceAll(/:\w+/g, 'whatever')}` }),
  }
}
