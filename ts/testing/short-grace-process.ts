import { startProcess } from '../cli/server.ts'
import { exitOnSignals } from '../cli/stop-signals.ts'
import { readBuild } from '../cli/version.ts'
import { loadConfig } from '../config.ts'
import { createLog } from '../log.ts'

// A server like any other, but for a grace period of seconds, which no configuration may name: promises to clients are
// as short as the period, so they are kept, too.
//   TEST_GRACE_SECONDS=10 node short-grace-process.ts

const gcGraceSeconds = Number(process.env['TEST_GRACE_SECONDS'])
const config = { ...loadConfig(process.env), gcGraceSeconds }
const log = createLog({ level: config.logLevel, pretty: false })
const running = await startProcess({ config, build: readBuild(), log, prepares: true })
exitOnSignals({
  stop: () => running.close(),
  abandon() {},
  reportError: (err) => log.error({ err }, 'The server did not end orderly'),
})
log.info({ url: running.url }, 'It listens')
