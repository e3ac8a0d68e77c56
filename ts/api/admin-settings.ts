import {
  type PlatformSettings,
  type PlatformSettingsChanges,
  platformSettings,
  platformSettingsChanges,
} from '../../ts_interfaces/admin-settings.ts'
import type { SettingsChanges } from '../access/platform-settings-changes.ts'
import type { Stored } from '../metadata/engine.ts'
import type { PlatformSettingsDocument } from '../metadata/sign-in-schema.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** The settings of the platform. */
export function settingsRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)
  const { platformSettings: settings } = access

  // The answer tells of the configuration as well.
  const form = settings.mayOpen ? '' : '-closed'
  const shown = (found: Stored<PlatformSettingsDocument>) => ({
    body: settingsBody(found, settings.mayOpen),
    etag: etagOf(found, form),
  })

  return [
    route(
      'GET /admin/settings',
      may.platform('read'),
      { summary: 'What holds for everybody', answer: platformSettings, hasEtag: true },
      async () => shown(await settings.read()),
    ),
    route(
      'PUT /admin/settings',
      may.platform('admin'),
      {
        summary: 'Changes what holds for everybody: in this process at once, in others within 5 seconds',
        body: platformSettingsChanges,
        answer: platformSettings,
        hasEtag: true,
        refusals: [412],
      },
      async ({ body, c }) => {
        const revision = revisionToMatch(c, await settings.read())
        return shown(await settings.change(changesOf(body), revision))
      },
    ),
  ]
}

function changesOf(body: PlatformSettingsChanges): SettingsChanges {
  const { anonymousAccess, signUp, maxTokenLifetimeDays, reservedNames, banner } = body
  return {
    ...(anonymousAccess !== undefined && { anonymousAccess }),
    ...(signUp !== undefined && { signUp }),
    ...(maxTokenLifetimeDays !== undefined && { maxTokenLifetimeDays }),
    ...(reservedNames && { reservedNames }),
    ...(banner !== undefined && { banner }),
  }
}

function settingsBody({ value }: Stored<PlatformSettingsDocument>, mayOpen: boolean): PlatformSettings {
  const { anonymousAccess, signUp, maxTokenLifetimeDays = null, reservedNames, banner = null } = value
  return {
    anonymousAccess,
    anonymousAccessInForce: anonymousAccess && mayOpen,
    signUp,
    maxTokenLifetimeDays,
    reservedNames: [...reservedNames],
    banner,
  }
}
