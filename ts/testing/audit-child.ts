import { createAuditTrail } from '../access/audit/audit-trail.ts'
import { anEntry } from '../access/audit/testing.ts'
import { secretSettings } from '../access/secret-settings.ts'
import { sealerOf } from '../access/secrets.ts'
import { collections, schemaVersion } from '../metadata/schema.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'

// A process that records without end, eight at a time, and prints a line for each answer; tests kill it.
const engine = await openSqliteEngine({ path: process.argv[2] ?? '', collections, schemaVersion })
const secretSetting = secretSettings(engine, sealerOf('s'.repeat(32)))
const trail = createAuditTrail({ engine, secretSetting, process: 'a child' })
await Promise.all(
  Array.from({ length: 8 }, async () => {
    for (;;) {
      await trail.record(anEntry())
      process.stdout.write('recorded\n')
    }
  }),
)
