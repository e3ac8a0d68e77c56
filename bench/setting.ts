import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startBare } from './contestants/bare.ts'
import type { Contestant } from './contestants/contestant.ts'
import { prepareImageStowage, prepareStowage, type StowageOptions, startStowage } from './contestants/stowage.ts'
import { startVerdaccio } from './contestants/verdaccio.ts'
import { loadStowage, loadVerdaccio } from './loaded.ts'
import { repliesOf } from './requests.ts'

/** All servers that run side by side, each with a copy of the same packages. */
export interface Field {
  readonly stowage: Contestant
  readonly twoWorkers: Contestant
  readonly verdaccio: Contestant
  readonly bare: Contestant
}

/** What every row gets: how long to measure, and servers that are started when the first row asks for them. */
export interface Setting extends AsyncDisposable {
  readonly dir: string
  readonly rounds: number
  readonly seconds: number
  readonly quick: boolean
  readonly field: () => Promise<Field>
  /** Starts Stowage on a fresh copy of the loaded data; the row stops it. */
  readonly freshStowage: (options?: Partial<StowageOptions>) => Promise<Contestant>
  readonly freshVerdaccio: () => Promise<Contestant>
  /** A copy of Verdaccio's folder, for a row that starts it itself. */
  readonly freshVerdaccioDir: () => Promise<string>
  /** A copy of the loaded data folder, for a row that starts servers on it itself, and the token that opens it. */
  readonly freshStowageData: () => Promise<{ dataDir: string; token: string }>
  /** A copy of an empty installation with a public repository of images, and the token that opens it. */
  readonly freshImageStore: () => Promise<{ dataDir: string; token: string }>
  readonly report: (text: string) => void
}

export type Measure = Pick<Setting, 'dir' | 'rounds' | 'seconds' | 'quick' | 'report'>

export function openSetting(measure: Measure): Setting {
  const { dir, report } = measure
  const running = new AsyncDisposableStack()
  let copies = 0

  const loadedStowage = once(async () => {
    report('Loading packages into Stowage')
    const dataDir = join(dir, 'stowage')
    const token = await prepareStowage(dataDir)
    const stowage = await startStowage({ dataDir, token })
    await loadStowage(stowage).finally(stowage.stop)
    return { dataDir, token }
  })
  const loadedVerdaccio = once(async () => {
    report('Loading packages into Verdaccio')
    const folder = join(dir, 'verdaccio')
    await mkdir(folder, { recursive: true })
    await loadVerdaccio(folder)
    return folder
  })
  const imageStore = once(async () => {
    const dataDir = join(dir, 'images')
    return { dataDir, token: await prepareImageStowage(dataDir) }
  })
  const copyOf = async (folder: string) => {
    copies += 1
    const copy = `${folder}-${copies}`
    await cp(folder, copy, { recursive: true })
    return copy
  }
  const freshStowageData = async () => {
    const { dataDir, token } = await loadedStowage()
    return { dataDir: await copyOf(dataDir), token }
  }
  const freshImageStore = async () => {
    const { dataDir, token } = await imageStore()
    return { dataDir: await copyOf(dataDir), token }
  }
  const freshStowage: Setting['freshStowage'] = async (options = {}) =>
    startStowage({ ...(await freshStowageData()), ...options })
  const freshVerdaccioDir = async () => copyOf(await loadedVerdaccio())
  const freshVerdaccio = async () => startVerdaccio(await freshVerdaccioDir())
  const kept = (contestant: Contestant) => {
    running.defer(contestant.stop)
    return contestant
  }
  const field = once(async () => {
    const stowage = kept(await freshStowage())
    return {
      stowage,
      twoWorkers: kept(await freshStowage({ workers: 2 })),
      verdaccio: kept(await freshVerdaccio()),
      bare: kept(await startBare(await repliesOf(stowage), join(dir, 'bare'))),
    }
  })

  return {
    ...measure,
    field,
    freshStowage,
    freshVerdaccio,
    freshVerdaccioDir,
    freshStowageData,
    freshImageStore,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Remembers the first call's promise. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
