import { idAlphabet } from '../../ids.ts'

const prefix = 'stg_'
const digits = 25

/** A stage's id as a UUID: `npm stage approve` and the like (npm 12) take nothing else. */
export function stageUuid(id: string): string {
  let number = 0n
  for (const digit of id.slice(prefix.length)) number = number * 32n + BigInt(idAlphabet.indexOf(digit))
  const hex = number.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The id that a UUID stands for; `undefined` when it stands for none. Upper case is the same. */
export function stageIdOf(uuid: string): string | undefined {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) return undefined
  let number = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let i = 0; i < digits; i++, number /= 32n) text = idAlphabet.charAt(Number(number % 32n)) + text
  return number === 0n ? prefix + text : undefined
}
