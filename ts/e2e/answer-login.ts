import { adminName, adminPassword } from '../testing/server-process.ts'
import { openBrowser } from './browser.ts'

/**
 * What a person does with the address that a client shows: signs in as the administrator, opens it and presses a
 * button. Throws unless the page says that it was done.
 */
export async function answerLogin(loginUrl: string, answer: 'approve' | 'deny'): Promise<void> {
  const browser = openBrowser()
  await browser.submit(new URL('/ui/sign-in', loginUrl).href, { login: adminName, password: adminPassword })
  await browser.submit(loginUrl, { answer })
  const page = await (await browser.open(loginUrl)).text()
  const done = answer === 'approve' ? 'Login approved' : 'Login denied'
  if (!page.includes(done)) throw new Error(`The page at ${loginUrl} does not say "${done}"`)
}

/** The address of the approval page in a client's output. */
export function loginUrlIn(text: string): string | undefined {
  return /https?:\/\/[^\s"']+\/ui\/login\/[\w-]+/.exec(text)?.[0]
}
