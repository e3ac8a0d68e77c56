import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Build {
  readonly version: string
  /** Short, `-dirty` behind it when files were changed since; `unknown` outside a clone. */
  readonly commit: string
}

/** Put in by scripts/compile.ts; absent when running from source. */
declare const STOWAGE_BUILD: Build | undefined

/** What is running. From source: the version of package.json and the commit that is checked out. */
export function readBuild(): Build {
  if (typeof STOWAGE_BUILD !== 'undefined') return STOWAGE_BUILD
  const root = join(dirname(import.meta.filename), '../..')
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return { version, commit: checkedOutCommit(root) }
}

/** One line: version, commit and Node. */
export function versionLine({ version, commit } = readBuild()): string {
  return `stowage ${version} (commit ${commit}, Node ${process.version})`
}

function checkedOutCommit(root: string): string {
  try {
    const args = ['-C', root, 'describe', '--always', '--dirty', '--abbrev=12', '--exclude', '*']
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}
