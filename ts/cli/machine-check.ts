import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Environment } from '../config/reader.ts'
import { variables } from '../config/variables.ts'
import { tlsProblems } from '../http/tls.ts'

/** What of the configuration cannot work on this machine, a sentence each: the TLS files, the address to listen on. */
export async function machineProblems(env: Environment): Promise<readonly string[]> {
  const { TLS_CERT: certPath, TLS_KEY: keyPath } = env
  const tls = certPath && keyPath ? tlsProblems({ certPath, keyPath }) : []
  return [...tls, ...(await hostProblems(env['HOST'] || variables.HOST.default))]
}

/** Listens there for a moment, at a free port: the one that is configured may be a running server's. */
async function hostProblems(host: string): Promise<string[]> {
  await using server = createServer().listen({ host, port: 0 })
  try {
    await once(server, 'listening')
    return []
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException
    const why = code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' ? 'it is no address of this machine' : message
    return [`HOST ${JSON.stringify(host.slice(0, 200))} cannot be listened on: ${why}`]
  }
}
