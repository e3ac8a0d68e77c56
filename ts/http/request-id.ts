import { randomBytes } from 'node:crypto'

const processPart = randomBytes(6).toString('base64url')
let count = 0

/** An id that no other request has, of this process or another: random per process, counted within. */
export function newRequestId(): string {
  count++
  return `${processPart}-${count.toString(36)}`
}
