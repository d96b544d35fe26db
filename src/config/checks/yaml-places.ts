import { childAt, type Path } from '../yaml/yaml-values.ts'
import type { Repetition } from './check-settings.ts'

/** Access to the values of a file, right or wrong. */
export const valueAt = (values: unknown, path: Path): unknown => path.reduce(childAt, values)

export function listAt(values: unknown, path: Path): readonly unknown[] {
  const list = valueAt(values, path)
  return Array.isArray(list) ? list : []
}

export function textAt(value: unknown, key: string): string | undefined {
  const text = childAt(value, key)
  return typeof text === 'string' ? text.trim() : undefined
}

/** Texts that occur in a list for a second time; `inside` is their place in an entry. */
export function repeatedTexts(texts: readonly unknown[], path: Path, ...inside: string[]): Repetition[] {
  return texts.flatMap((found, i) => {
    const first = texts.indexOf(found)
    if (typeof found !== 'string' || first === i) return []
    return [{ path: [...path, i, ...inside], first: [...path, first, ...inside], found }]
  })
}

/** Entries of one name. */
export function repeatedNames(list: readonly unknown[], path: Path): Repetition[] {
  return repeatedTexts(
    list.map((one) => textAt(one, 'name')),
    path,
    'name',
  )
}
