import { protocols } from './all.ts'

/** Do packages of the protocol and its repositories share one space of names? See `Protocol`. */
export function sharesNames(protocol: string): boolean {
  return protocols.some(({ id, sharesNames }) => id === protocol && sharesNames)
}
