export interface TarballLimits {
  /** Of the archive, decompressed. */
  maxUnpackedBytes: number
  /** Decompressed to compressed, once `ratioFreeBytes` have come out. */
  maxRatio: number
  ratioFreeBytes: number
  maxEntries: number
  /** Characters of an entry's path. */
  maxPathLength: number
  maxPackageJsonBytes: number
  /** A longer README is cut. */
  maxReadmeBytes: number
}

export const defaultTarballLimits: TarballLimits = {
  maxUnpackedBytes: 1024 * 1024 * 1024,
  maxRatio: 200,
  ratioFreeBytes: 16 * 1024 * 1024,
  maxEntries: 100_000,
  maxPathLength: 1024,
  maxPackageJsonBytes: 1024 * 1024,
  maxReadmeBytes: 64 * 1024,
}

export interface TarballFacts {
  /** `package.json` at the root, as it stands there. */
  packageJson: Record<string, unknown>
  /** preinstall, install or postinstall, or a `binding.gyp` at the root that `gypfile: false` does not switch off. */
  hasInstallScript: boolean
  hasShrinkwrap: boolean
  /** Some `*.gyp` at the root: npm adds an install script to the manifest then. */
  hasGypFile: boolean
  /** `server.js` at the root: older clients add a start script to the manifest then. */
  hasServerScript: boolean
  /** Sum of the files' sizes. */
  unpackedSizeBytes: number
  fileCount: number
  /** README at the root, at most `maxReadmeBytes` of it. */
  readme?: string
  readmeFilename?: string
}
