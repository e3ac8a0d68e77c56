import { setTimeout as wait } from 'node:timers/promises'

/** Asks again and again until it is so; fails naming `what` after 15 seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`)
    await wait(25)
  }
}
