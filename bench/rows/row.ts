import type { Line } from '../results.ts'
import type { Setting } from '../setting.ts'

/** Something that is measured; `--only` names it. */
export interface Row {
  readonly id: string
  /** What it measures, for `--help`. */
  readonly title: string
  run(setting: Setting): Promise<readonly Line[]>
}
