import { join } from 'node:path'
import type { Hono } from 'hono'
import { createApp } from '../app.ts'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Limits } from '../config.ts'
import { addressReader } from '../http/address.ts'
import { createMetrics } from '../http/metrics.ts'
import { roomyLimits, silentLog } from '../http/testing.ts'
import { describeUnit } from '../protocols/all.ts'
import type { Env } from '../protocols/protocol.ts'
import { reservedNames } from '../protocols/root-paths.ts'
import { createRegistry, type Registry } from '../registry/registry.ts'
import { openTestAccess, type TestAccess } from './access.ts'
import { openTestFolder } from './stores.ts'

/** What a test sends; `as` is a token. */
export interface TestRequest extends Omit<RequestInit, 'body'> {
  readonly as?: string | undefined
  /** Sent as JSON unless it is bytes already. */
  readonly body?: unknown
}

export interface TestApp extends TestAccess {
  readonly app: Hono<Env>
  readonly registry: Registry
  readonly blobs: BlobStore
  /** Asks the app at `http://registry.example.com`, without a socket. */
  request(method: string, path: string, request?: TestRequest): Promise<Response>
}

/** The whole server over fresh embedded stores, without a socket. */
export async function openTestApp(limits: Partial<Limits> = {}): Promise<TestApp> {
  const opened = await openTestAccess({ reservedNames })
  const folder = await openTestFolder()
  const blobs = await filesystemBlobStore({ dir: join(folder.path, 'packages') })
  const { access, engine } = opened
  const registry = createRegistry({ engine, blobs, describe: describeUnit, documentCacheBytes: 1 << 22 })
  const secrets = new Map<string, string>()
  const app = createApp({
    registry,
    access,
    limits: { ...roomyLimits, ...limits },
    secretSetting: async (id, make) => secrets.get(id) ?? secrets.set(id, make()).get(id) ?? '',
    log: silentLog,
    metrics: createMetrics(),
    readAddress: addressReader({ publicUrl: undefined, trustedProxies: [] }),
    health: { version: '0.0.0', backends: {}, timeoutMs: 1000 },
    metricsToken: undefined,
  })
  return {
    ...opened,
    app,
    registry,
    blobs,
    request: async (method, path, { as, body, headers, ...init } = {}) =>
      app.request(`http://registry.example.com${path}`, {
        ...init,
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      } as RequestInit),
    async [Symbol.asyncDispose]() {
      await registry.settled()
      await opened[Symbol.asyncDispose]()
      await blobs.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
