import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

const program = join(import.meta.dirname, '../testing/workers-process.ts')

interface Primary extends AsyncDisposable {
  readonly child: ChildProcess
  readonly firstLine: string
  /** Resolves to the exit code. */
  readonly exited: Promise<number | null>
}

async function startPrimary(behaviour: 'serve' | 'stubborn' | 'fail'): Promise<Primary> {
  const child = spawn(process.execPath, [program, behaviour], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null)
  const [firstLine]: string[] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    child,
    firstLine: firstLine ?? '',
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Asks until so many different processes have answered; resolves to their ids. */
async function pidsOf(port: string, count: number, but?: number): Promise<number[]> {
  const seen = new Set<number>()
  while (seen.size < count) {
    // A connection that was handed to a worker while it was killed is never answered.
    const pid = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) }).then(
      async (response) => Number(await response.text()),
      () => undefined,
    )
    if (pid !== undefined && pid !== but) seen.add(pid)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return [...seen]
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('workers share one port', async () => {
  await using primary = await startPrimary('serve')
  assert.equal((await pidsOf(primary.firstLine, 2)).length, 2)
})

test('a worker that is killed is started again', async () => {
  await using primary = await startPrimary('serve')
  const [victim = 0] = await pidsOf(primary.firstLine, 2)
  process.kill(victim, 'SIGKILL')
  assert.equal((await pidsOf(primary.firstLine, 2, victim)).length, 2)
})

test('SIGTERM to the first process ends all of them', async () => {
  await using primary = await startPrimary('serve')
  const pids = await pidsOf(primary.firstLine, 2)
  primary.child.kill('SIGTERM')
  assert.equal(await primary.exited, 0)
  assert.deepEqual(pids.filter(isAlive), [])
})

test('workers that do not end in time are killed', async () => {
  await using primary = await startPrimary('stubborn')
  const pids = await pidsOf(primary.firstLine, 2)
  primary.child.kill('SIGTERM')
  assert.equal(await primary.exited, 0)
  assert.deepEqual(pids.filter(isAlive), [])
})

test('workers end with the first process when that is killed', async () => {
  await using primary = await startPrimary('serve')
  const pids = await pidsOf(primary.firstLine, 2)
  primary.child.kill('SIGKILL')
  await primary.exited
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 10))
})

test('workers that never serve are not started for ever', async () => {
  await using primary = await startPrimary('fail')
  assert.match(primary.firstLine, /ended with 3 before it could serve/)
  assert.equal(await primary.exited, 1)
})
