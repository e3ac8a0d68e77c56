import { pageQuery } from '../../ts_interfaces/common.ts'
import {
  type RetentionFinding,
  type RetentionRule,
  retentionPage,
  retentionPreview,
} from '../../ts_interfaces/repositories.ts'
import { checkRetention } from '../access/retention-rule.ts'
import { RegistryError } from '../errors.ts'
import type * as accessSchema from '../metadata/access-schema.ts'
import type { RetentionFinding as Finding } from '../registry/images/retention-walk.ts'
import { requireTagRecords } from '../registry/tag-records.ts'
import { storePage, timeOf } from './page-of.ts'
import { permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** What goes by itself from repositories of images. The rule itself is one of the repository's settings. */
export function retentionRoutes({ access, registry, protocols }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'POST /repositories/:id/retention/preview',
      may.repository('admin'),
      {
        summary: 'What would go by the retention rule now, or by one that is tried, and why; removes nothing',
        query: pageQuery,
        body: retentionPreview,
        bodyIsOptional: true,
        answer: retentionPage,
        status: 200,
        refusals: [422],
      },
      async ({ on, body, query }) => {
        const repository = (await access.repositories.get(on.repository.id)) ?? on.repository
        requireTagRecords(protocols, repository.value.protocol)
        const rule = body.rule ? checkRetention(ruleIn(body.rule)) : repository.value.retention
        if (!rule) throw noRule()
        const { items, ...more } = await registry.retention.preview(repository, rule, storePage(query))
        return { body: { items: items.map(findingBody), ...more } }
      },
    ),
  ]
}

/** A rule as it was sent, without what was left out. */
export function ruleIn({ keepMatching, ...numbers }: RetentionRule): accessSchema.RetentionRule {
  const given = Object.entries(numbers).filter(([, number]) => number !== undefined)
  return { ...Object.fromEntries(given), ...(keepMatching && { keepMatching }) }
}

/** A rule as it is answered. */
export function ruleBody({ keepMatching, ...numbers }: accessSchema.RetentionRule): RetentionRule {
  return { ...numbers, ...(keepMatching && { keepMatching: [...keepMatching] }) }
}

function findingBody({ kind, package: pkg, tag, digest, pushedAt, lastPulledAt, why }: Finding): RetentionFinding {
  return {
    kind,
    image: pkg.value.name,
    packageId: pkg.id,
    ...(tag !== undefined && { tag }),
    digest,
    pushedAt: timeOf(pushedAt),
    ...(lastPulledAt !== undefined && { lastPulledAt: timeOf(lastPulledAt) }),
    why,
  }
}

function noRule(): RegistryError {
  const message = 'The repository has no retention rule. Send one to see what would go by it.'
  return new RegistryError('unprocessable', message, { field: 'rule' })
}
