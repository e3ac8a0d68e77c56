import { authenticatedRow } from './authenticated.ts'
import { busyReadRow } from './busy-read.ts'
import { installRow } from './install.ts'
import { largePublishRow } from './large-publish.ts'
import { memoryRow } from './memory.ts'
import { imageBlobRows } from './oci-blobs.ts'
import { imageCopyRow } from './oci-copy.ts'
import { imageManifestsRow } from './oci-manifests.ts'
import { imageMountRow } from './oci-mount.ts'
import { imageParallelRow } from './oci-parallel.ts'
import { imagePushRows } from './oci-pushes.ts'
import { imageTagsRow } from './oci-tags.ts'
import { imageTokenRow } from './oci-token.ts'
import { publishRows } from './publish.ts'
import { documentBytesRow, readRows } from './read.ts'
import type { Row } from './row.ts'
import { scaleRow } from './scale.ts'
import { scaleDecisionsRow } from './scale-decisions.ts'
import { scaleListingsRow } from './scale-listings.ts'
import { scaleSearchRow } from './scale-search.ts'
import { signInRow } from './sign-in.ts'
import { startRow } from './start.ts'

/** Every row, in the order in which they run: first those that start servers of their own. */
export const rows: readonly Row[] = [
  startRow,
  memoryRow,
  ...readRows,
  documentBytesRow,
  busyReadRow,
  authenticatedRow,
  signInRow,
  ...publishRows,
  largePublishRow,
  installRow,
  imageManifestsRow,
  ...imageBlobRows,
  imageTokenRow,
  ...imagePushRows,
  imageMountRow,
  imageTagsRow,
  imageCopyRow,
  imageParallelRow,
  scaleSearchRow,
  scaleListingsRow,
  scaleDecisionsRow,
  scaleRow,
]
