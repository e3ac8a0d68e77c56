import type { Parser } from './values.ts'
import { ValueError } from './values.ts'
import type { Variable, VariableName } from './variables.ts'
import { variables } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables of one environment; an empty string counts as unset, as Compose files write it. */
export interface Reader {
  /** The value, else the default; a refused value is noted in `problems` and `undefined` is returned. */
  optional<T>(name: VariableName, parse: Parser<T>): T | undefined
  /** As `optional`, for a variable with a default; after a problem the default's value, so that reading goes on. */
  value<T>(name: VariableName, parse: Parser<T>): T
  isSet(name: VariableName): boolean
  readonly problems: string[]
}

/** Reads one variable at a time and gathers what is wrong. */
export function readerOf(env: Environment): Reader {
  const problems: string[] = []
  const read = <T>(name: VariableName, parse: Parser<T>): T | undefined => {
    const variable: Variable = variables[name]
    const given = env[name] || variable.default
    try {
      return given === undefined ? undefined : parse(given)
    } catch (err) {
      if (!(err instanceof ValueError)) throw err
      problems.push(`${name} ${err.message}`)
      return undefined
    }
  }
  return {
    problems,
    isSet: (name) => Boolean(env[name]),
    optional: read,
    value: (name, parse) => read(name, parse) ?? parse(defaultOf(name)),
  }
}

function defaultOf(name: VariableName): string {
  const variable: Variable = variables[name]
  if (variable.default === undefined) throw new Error(`${name} has no default`)
  return variable.default
}
