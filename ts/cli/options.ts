import { InvalidArgumentError, Option } from 'commander'
import { duration, type Parser, ValueError } from '../config/values.ts'

/** `--visibility public|internal|private`. */
export function visibilityOption(description: string): Option {
  return new Option('--visibility <who>', description).choices(['public', 'internal', 'private'])
}

/** Words separated by commas or spaces. */
export function wordList(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

/** Milliseconds from `30d` or `12h`. */
export function milliseconds(text: string): number {
  return seconds(text) * 1000
}

/** Seconds from `30d` or `12h`. */
export function seconds(text: string): number {
  return parsed(duration)(text)
}

function parsed<T>(parse: Parser<T>): Parser<T> {
  return (text) => {
    try {
      return parse(text)
    } catch (err) {
      throw err instanceof ValueError ? new InvalidArgumentError(`It ${err.message}.`) : err
    }
  }
}
