/** How large an installation is; all else follows from the number of packages. */
export interface PlatformSize {
  readonly packages: number
  readonly organizations: number
  readonly users: number
}

/** Ten packages a user and ten users an organization, as in 1,000,000 : 100,000 : 10,000; never fewer than ten each. */
export function sizeOf(packages: number): PlatformSize {
  const organizations = Math.max(10, Math.round(packages / 100))
  return { packages, organizations, users: organizations * membersEach }
}

/** Users whose first organization is the same. */
export const membersEach = 10
