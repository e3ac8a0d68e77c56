import { type Contestant, names } from '../contestants/contestant.ts'
import { executablePath, startStowage } from '../contestants/stowage.ts'
import { startVerdaccio } from '../contestants/verdaccio.ts'
import { below } from '../results.ts'
import { alternate, type Turn } from '../rounds.ts'
import type { Row } from './row.ts'

/** From the start of the process to the first 200: of `/health`, of Verdaccio's `/-/ping`. */
export const startRow: Row = {
  id: 'start',
  title: 'process start to the first 200 of /health',
  async run(setting) {
    const data = await setting.freshStowageData()
    const verdaccio = await setting.freshVerdaccioDir()
    const executable = executablePath()
    const executed = { ...data, executable, name: names.executable }
    const turns = [
      startTurn(names.stowage, () => startStowage(data)),
      ...(executable ? [startTurn(names.executable, () => startStowage(executed))] : []),
      startTurn(names.verdaccio, () => startVerdaccio(verdaccio)),
    ]
    const figures = await alternate(setting.rounds, turns)
    const aim = below(figures, executable ? names.executable : names.stowage, 0.6, 's')
    return [{ table: 'Starting', title: 'process start to the first answer', unit: 's', figures, aim }]
  },
}

export function startTurn(contestant: string, start: () => Promise<Contestant>): Turn {
  return {
    contestant,
    async measure() {
      const began = performance.now()
      const running = await start()
      const seconds = (performance.now() - began) / 1000
      await running.stop()
      return { value: seconds }
    },
  }
}
