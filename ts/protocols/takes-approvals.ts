import { protocols } from './all.ts'

/** Can publishes of the protocol wait for somebody's approval? See `Protocol`. */
export function takesApprovals(protocol: string): boolean {
  return protocols.some(({ id, takesApprovals }) => id === protocol && takesApprovals)
}
