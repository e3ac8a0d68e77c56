import { RegistryError } from '../../errors.ts'
import { locationOf } from './answers.ts'
import type { OciContext } from './place.ts'

/** How many entries the client wants (`n`), at most `most`, which is also what it gets without saying. */
export function pageSize(c: OciContext, most: number): number {
  const asked = c.req.query('n')
  if (asked === undefined) return most
  if (/^\d+$/.test(asked)) return Math.min(Number(asked), most)
  const message = `"n" says how many entries are wanted, a whole number such as 100, not ${JSON.stringify(asked.slice(0, 100))}.`
  throw new RegistryError('payload_invalid', message, { field: 'n' })
}

/** The header that leads to the next page of the same list; the cursor is one of the parameters. */
export function nextPage(c: OciContext, path: string, parameters: Readonly<Record<string, string>>) {
  return { link: `<${locationOf(c, path)}?${new URLSearchParams(parameters)}>; rel="next"` }
}
