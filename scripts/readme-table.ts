import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allVariables } from '../ts/config/variables.ts'

const readmePath = join(import.meta.dirname, '../README.md')
const place = /(<!-- configuration: [^\n]* -->\n)[\s\S]*?(<!-- \/configuration -->)/

/** The README with its configuration table printed anew. */
export function withTable(readme: string): string {
  if (!place.test(readme)) throw new Error('The README has no place for the configuration table')
  return readme.replace(place, (_all, begin: string, end: string) => `${begin}\n${table()}\n\n${end}`)
}

function table(): string {
  const rows = allVariables.map(([name, { default: value, meaning, secret }]) => {
    const shown = value === undefined ? '' : `\`${value}\``
    return `| \`${name}\` | ${shown} | ${meaning}${secret ? ' (secret)' : ''} |`
  })
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n')
}

/** The README as it is. */
export function readReadme(): string {
  return readFileSync(readmePath, 'utf8')
}

if (import.meta.main) writeFileSync(readmePath, withTable(readReadme()))
