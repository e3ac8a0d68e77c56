import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

/**
 * Whether this process may give others folders of their own at /etc, /run and /var: root may, unless a container forbids
 * it or the folders of tests are below those themselves.
 */
export function canMount(): boolean {
  const isInTheWay = /^\/(etc|run|var)\//.test(tmpdir())
  return process.getuid?.() === 0 && !isInTheWay && spawnSync('unshare', ['--mount', 'true']).status === 0
}

/**
 * What stands before a program and its arguments so that it sees `$HOME/etc` at /etc, `$HOME/run` at /run and `$HOME/var`
 * at /var, where its home has such folders. The program has the process's id.
 */
export const withOwnMounts: readonly string[] = [
  'unshare',
  '--mount',
  'sh',
  '-ec',
  'for name in etc run var; do if [ -d "$HOME/$name" ]; then mount --bind "$HOME/$name" "/$name"; fi; done; exec "$@"',
  'sh',
]
