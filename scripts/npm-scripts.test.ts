import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')

for (const script of ['start', 'dev']) {
  test(`"npm run ${script}" serves, and a SIGTERM to npm ends the server, too`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stowage-npm-'))
    const env = { ...process.env, DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0', WORKERS: '1' }
    const npm = spawn('npm', ['run', script], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = once(npm, 'exit')
    let output = ''
    for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => (output += chunk))
    try {
      const ended = exited.then(() => assert.fail(output))
      ended.catch(() => {})
      while (!output.includes('Stowage listens')) await Promise.race([once(npm.stdout, 'data'), ended])
      const url = /"url":"(http[^"]+)"/.exec(output)?.[1]
      assert.equal((await fetch(`${url}/health`)).status, 200)
      npm.kill('SIGTERM')
      await exited
      await assert.rejects(fetch(`${url}/health`))
    } finally {
      endGroup(npm.pid ?? 0)
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All are gone, as they should be.
  }
}
