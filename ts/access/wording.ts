/** `1 second`, `2 seconds`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `a robot`, `an organization`, `an npm repository`: by how the first word is said. */
export function withArticle(noun: string): string {
  return `${/^(?:[aeio]|npm\b)/i.test(noun) ? 'an' : 'a'} ${noun}`
}
