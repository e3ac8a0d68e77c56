import {
  MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb'
import { RegistryError } from '../errors.ts'

/** True when a unique index refused the write. */
export function isDuplicateKey(err: unknown): boolean {
  return err instanceof MongoServerError && err.code === 11000
}

/** True when the answer was lost: the write may have been carried out or not. */
export function isLostAnswer(err: unknown): boolean {
  return err instanceof MongoNetworkError
}

/** One clear sentence for what went wrong; `hosts` names the servers without credentials. */
export function mongoStoreError(hosts: string, err: unknown): RegistryError {
  if (err instanceof RegistryError) return err
  const code = err instanceof MongoServerError ? Number(err.code) : 0
  if (code === 14031)
    return new RegistryError('storage_full', `The disk of MongoDB at ${hosts} is full.`, {}, { cause: err })
  const reason = unreachable.some((kind) => err instanceof kind) ? 'cannot be reached' : reasons.get(code)
  if (!reason) return new RegistryError('internal', 'Internal error', {}, { cause: err })
  return new RegistryError('unavailable', `MongoDB at ${hosts} ${reason}.`, {}, { cause: err })
}

/** While a store is being opened every refusal is told in the server's words: they are for the operator. */
export function mongoOpenError(hosts: string, err: unknown): RegistryError {
  const told = mongoStoreError(hosts, err)
  if (told.code !== 'internal' || !(err instanceof MongoError)) return told
  return new RegistryError('unavailable', `MongoDB at ${hosts} cannot be used: ${err.message}`, {}, { cause: err })
}

const unreachable = [MongoNetworkError, MongoServerSelectionError, MongoTopologyClosedError, MongoOperationTimeoutError]

/** Codes of MongoDB's `error_codes.yml`. */
const reasons = new Map([
  [13, 'does not let this user read and write the database'],
  [18, 'refused the user name or password'],
  [8000, 'refused the user name or password'],
  [20, 'is read-only'],
  [50, 'took too long to answer'],
  [64, 'did not reach a majority of its members in time'],
  [91, 'is shutting down'],
  [100, 'cannot reach a majority of its members'],
  [189, 'has no primary at the moment'],
  [10058, 'has no primary at the moment'],
  [10107, 'is read-only: this member is not the primary'],
  [11600, 'is shutting down'],
  [11602, 'has no primary at the moment'],
  [13435, 'is read-only: this member is not the primary'],
  [13436, 'has no primary at the moment'],
])
