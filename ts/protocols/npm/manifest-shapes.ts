import { RegistryError } from '../../errors.ts'
import { isObject } from './json-values.ts'
import type { Manifest } from './manifest-forms.ts'

type Shape = readonly [expected: string, fits: (value: unknown) => boolean]

const isText = (value: unknown) => typeof value === 'string'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)
const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0
/** Old tools write an empty list for an empty object. */
const isTextMap = (value: unknown) => (isObject(value) && Object.values(value).every(isText)) || isEmptyList(value)

const textMap: Shape = ['an object whose values are strings', isTextMap]
const textOrTexts: Shape = ['a string or a list of strings', (value) => isText(value) || isTexts(value)]
const bundle: Shape = ['a list of names, or true or false', (value) => typeof value === 'boolean' || isTexts(value)]

/** The members that clients use without a look at their type: a wrong one makes the version uninstallable for ever. */
const shapes: Readonly<Record<string, Shape>> = {
  dependencies: textMap,
  devDependencies: textMap,
  optionalDependencies: textMap,
  peerDependencies: textMap,
  peerDependenciesMeta: [
    'an object whose values are objects',
    (value) => (isObject(value) && Object.values(value).every(isObject)) || isEmptyList(value),
  ],
  scripts: textMap,
  bin: ['a path or an object of paths', (value) => isText(value) || isTextMap(value)],
  bundleDependencies: bundle,
  bundledDependencies: bundle,
  os: textOrTexts,
  cpu: textOrTexts,
  libc: textOrTexts,
}

/** Throws `payload_invalid` for a member of another type than installs can use, naming it below `at`; null is absent. */
export function requireShapes(manifest: Manifest, at: string): void {
  for (const [name, [expected, fits]] of Object.entries(shapes)) {
    const value = Object.hasOwn(manifest, name) ? manifest[name] : undefined
    if (value === undefined || value === null || fits(value)) continue
    const field = `${at}.${name}`
    throw new RegistryError('payload_invalid', `${field} must be ${expected}.`, { field })
  }
}
