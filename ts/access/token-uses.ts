import { hasCode } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type TokenDocument, tokens as tokensSpec } from '../metadata/sign-in-schema.ts'

const writtenEverySeconds = 60

/** When and from where tokens were last used, written beside the requests and at most once a minute a token. */
export interface TokenUses {
  /** Returns at once. */
  note(token: Stored<TokenDocument>, address: string): void
  /** Resolves when all that was noted is written. */
  settled(): Promise<void>
}

/** `reportError` is told of writes that failed; the uses are then lost. */
export function tokenUses(engine: MetadataEngine, reportError: (err: unknown) => void): TokenUses {
  const tokens = engine.collection(tokensSpec)
  const writing = new Map<string, Promise<void>>()

  async function write(id: string, address: string, at: number): Promise<void> {
    try {
      const token = await tokens.get(id)
      if (!token || isFresh(token, at)) return
      await tokens.update(id, token.revision, { ...token.value, lastUsedAt: at, lastUsedFrom: address })
    } catch (err) {
      // Another replica wrote, or the token was revoked: both are right.
      if (!hasCode(err, 'revision_stale')) reportError(err)
    } finally {
      writing.delete(id)
    }
  }

  return {
    note(token, address) {
      const now = Date.now()
      if (isFresh(token, now) || writing.has(token.id)) return
      writing.set(token.id, write(token.id, address, now))
    },
    async settled() {
      await Promise.all(writing.values())
    },
  }
}

function isFresh({ value }: Stored<TokenDocument>, now: number): boolean {
  return value.lastUsedAt !== undefined && now - value.lastUsedAt < writtenEverySeconds * 1000
}
