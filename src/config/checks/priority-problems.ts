import type { CrossProblem } from './check-settings.ts'
import { listAt, textAt } from './yaml-places.ts'

const PRIORITY = ['send', 'priority']

/** Finds entries of `send.priority` that no device has as its name, AE title or kind. */
export function priorityProblems(values: unknown): CrossProblem[] {
  const known = listAt(values, ['devices']).flatMap((device) =>
    ['name', 'aeTitle', 'kind'].flatMap((key) => textAt(device, key) ?? []),
  )
  const choices = Array.from(new Set(known))
  const expected =
    choices.length === 0 ? { what: 'listedDevice' as const } : { what: 'choice' as const, choices }
  return listAt(values, PRIORITY).flatMap((entry, i) => {
    const found = typeof entry === 'string' ? entry.trim() : ''
    if (found === '' || known.includes(found)) return []
    return [{ kind: 'wrong', path: [...PRIORITY, i], found, expected }]
  })
}
