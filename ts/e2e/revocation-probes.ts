import type { ApiRequest } from './world.ts'

/** A request, and the statuses that tell whether it was let in. None of them changes anything. */
export interface Probe extends ApiRequest {
  readonly granted: number
  readonly refused: number
}

/** Who asks; 401 for a credential that is none any more. */
export const me = (as: string): Probe => ({ line: 'GET /api/v1/auth/me', as, granted: 200, refused: 401 })

/** The packument; who is signed in and may not read it is told 404. */
export function packument(organization: string, as: string | undefined, refused = 404): Probe {
  const line = `GET /npm/${organization}/npm/thing`
  return { line, ...(as !== undefined && { as }), granted: 200, refused }
}

/** A tag for a version that is not there: 404 for whoever may write. */
export function tagging(organization: string, as: string): Probe {
  const line = `PUT /npm/${organization}/npm/-/package/thing/dist-tags/next`
  return { line, as, body: '9.9.9', granted: 404, refused: 403 }
}

/** Tags that are none: 400 for whoever may write. */
export function packageChange(packageId: string, as: string): Probe {
  return { line: `PUT /api/v1/packages/${packageId}/tags`, as, body: { tags: 1 }, granted: 400, refused: 403 }
}

/** Reading a repository itself. */
export function repositoryRead(repositoryId: string, as: string): Probe {
  return { line: `GET /api/v1/repositories/${repositoryId}`, as, granted: 200, refused: 404 }
}

/** Reading an organization itself. */
export function organizationRead(organization: string, as: string): Probe {
  return { line: `GET /api/v1/organizations/${organization}`, as, granted: 200, refused: 404 }
}

/** A change with a field that does not exist: 400 for whoever may make changes. */
export function organizationChange(organization: string, as: string): Probe {
  const line = `PUT /api/v1/organizations/${organization}`
  return { line, as, body: { nothing: true }, granted: 400, refused: 403 }
}
