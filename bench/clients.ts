import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * Runs one of the client programs of this folder to its end, in a process of its own so that its work stops nobody's
 * event loop here: it reads its order from stdin and prints its report, both JSON.
 */
export async function runClient<Order, Report>(program: string, order: Order): Promise<Report> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, [path], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(order))
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return JSON.parse(Buffer.concat(pieces).toString())
}
