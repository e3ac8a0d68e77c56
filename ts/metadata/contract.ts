import { contract } from '../testing/contract.ts'
import { documentCases } from './contract-documents.ts'
import { queryCases } from './contract-queries.ts'
import { sharingCases } from './contract-sharing.ts'
import type { TestStore } from './contract-store.ts'

/** What every metadata engine promises. */
export const metadataContract = contract<TestStore>('metadata engine', {
  ...documentCases,
  ...queryCases,
  ...sharingCases,
})
