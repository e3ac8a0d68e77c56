import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { skipUnless } from './backends.ts'

export interface SmallDisk extends Disposable {
  readonly path: string
  makeReadOnly(): void
}

/** The reason to skip tests of full and read-only disks, `undefined` when this process may mount one. */
export function skipWithoutMounts(): string | undefined {
  return skipUnless(mayMount(), 'only root on Linux may mount a small disk')
}

/** A file system of so many MiB, in memory; unmounted when disposed of. */
export function openSmallDisk(sizeMib: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'stowage-disk-'))
  const unmount = () => {
    execFileSync('umount', ['--lazy', path])
    rmdirSync(path)
  }
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch (err) {
    rmdirSync(path)
    throw err
  }
  process.once('exit', unmount)
  return {
    path,
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]),
    [Symbol.dispose]() {
      process.off('exit', unmount)
      unmount()
    },
  }
}

function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    using _disk = openSmallDisk(1)
    return true
  } catch {
    return false
  }
}
