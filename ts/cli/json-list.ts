import type { Terminal } from './terminal.ts'

/** Prints one JSON object whose `items` come one by one, a line each, however many there are. */
export interface JsonList {
  add(item: object): void
  /** Prints the rest of the object. */
  end(facts: object): void
}

/** Begins the object. */
export function jsonList(terminal: Terminal): JsonList {
  let waiting: string | undefined
  terminal.print('{"items":[')
  return {
    add(item) {
      if (waiting !== undefined) terminal.print(`${waiting},`)
      waiting = JSON.stringify(item)
    },
    end(facts) {
      if (waiting !== undefined) terminal.print(waiting)
      const rest = JSON.stringify(facts).slice(1, -1)
      terminal.print(rest === '' ? ']}' : `],${rest}}`)
    },
  }
}
