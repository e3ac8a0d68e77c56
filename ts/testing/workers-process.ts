/** A process that runs two small servers through `startWorkers`; its last argument says how they behave. */
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { startWorkers } from '../cli/workers.ts'
import { createLog } from '../log.ts'

const behaviour = process.argv.at(-1) ?? 'serve'
if (cluster.isPrimary) await runPrimary()
else if (behaviour === 'fail') process.exit(3)
else runWorker()

async function runPrimary(): Promise<void> {
  const log = createLog({ level: 'silent', pretty: false })
  const workers = startWorkers({ count: 2, argv: [behaviour], entry: import.meta.filename, graceSeconds: 0.3, log })
  process.on('SIGTERM', () => void workers.stop().then(() => process.exit(0)))
  try {
    console.log((await workers.listening).port)
  } catch (err) {
    console.log(String(err))
    process.exit(1)
  }
}

/** Answers with its process id; a `stubborn` one does not end when it is asked to. */
function runWorker(): void {
  const server = createServer((_incoming, outgoing) => outgoing.setHeader('connection', 'close').end(`${process.pid}`))
  server.listen(0, '127.0.0.1')
  process.on('SIGTERM', () => {
    if (behaviour !== 'stubborn') process.exit(0)
  })
}
