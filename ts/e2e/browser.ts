/** A browser without scripts: keeps cookies, and sends forms with what their page carried. */
export interface Browser {
  /** By name. */
  readonly cookies: ReadonlyMap<string, string>
  /** Follows no redirect. */
  open(url: string, init?: RequestInit): Promise<Response>
  /** Fills in the form at this address and sends it. */
  submit(url: string, fields: Readonly<Record<string, string>>): Promise<Response>
}

export function openBrowser(): Browser {
  const cookies = new Map<string, string>()

  const open: Browser['open'] = async (url, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { redirect: 'manual', ...init, headers: { cookie, ...init.headers } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }

  return {
    cookies,
    open,
    async submit(url, fields) {
      const page = await (await open(url)).text()
      const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
      return open(url, {
        method: 'POST',
        headers: { origin: new URL(url).origin },
        body: new URLSearchParams({ ...fields, csrf }),
      })
    },
  }
}
