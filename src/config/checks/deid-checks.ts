import { isValueOf, isWrittenAsText } from '../../dicom/vocabulary/value-form.ts'
import { TEXT_VRS } from '../../dicom/vocabulary/value-representation.ts'
import { parseRulePath, vrAt } from '../setting/rule-paths.ts'
import { childAt, type Path } from '../yaml/yaml-values.ts'
import type { CrossProblem, Repetition } from './check-settings.ts'
import { listAt, repeatedNames, repeatedTexts, textAt, valueAt } from './yaml-places.ts'

const PROFILES = ['deidentification', 'profiles']

/** Problems of profiles and routes that contradict each other. */
export function deidProblems(values: unknown): CrossProblem[] {
  const profiles = listAt(values, PROFILES)
  return [
    ...profiles.flatMap((profile, i) => profileProblems(profile, [...PROFILES, i])),
    ...keyProblem(values),
    ...routeProblems(values),
  ]
}

/** Profiles and routes with the same name, and options that are listed twice. */
export function repeatedDeidNames(values: unknown): Repetition[] {
  const profiles = listAt(values, PROFILES)
  return [
    ...repeatedNames(profiles, PROFILES),
    ...repeatedNames(listAt(values, ['routes']), ['routes']),
    ...profiles.flatMap((profile, i) =>
      repeatedTexts(listAt(profile, ['options']), [...PROFILES, i, 'options']),
    ),
  ]
}

/** Without a key equal values could not get equal replacements. */
function keyProblem(values: unknown): CrossProblem[] {
  const path = ['deidentification', 'projectKeyFile']
  if (listAt(values, PROFILES).length === 0 || valueAt(values, path) !== undefined) return []
  return [{ kind: 'missing', path, expected: { what: 'path' } }]
}

function profileProblems(profile: unknown, path: Path): CrossProblem[] {
  const options = listAt(profile, ['options'])
  const [full, modified] = ['retain-long-full-dates', 'retain-long-modified-dates']
  const problems: CrossProblem[] = []
  if (options.includes(full) && options.includes(modified)) {
    const [first, second] =
      options.indexOf(full) < options.indexOf(modified) ? [full, modified] : [modified, full]
    problems.push({
      kind: 'conflict',
      path: [...path, 'options', options.indexOf(second)],
      found: second,
      other: first,
    })
  }
  if (listAt(profile, ['safePrivate']).length > 0 && !options.includes('retain-safe-private')) {
    const expected = { what: 'choice', choices: ['retain-safe-private'] } as const
    problems.push({ kind: 'missing', path: [...path, 'options'], expected })
  }
  const rules = listAt(profile, ['rules'])
  return [...problems, ...rules.flatMap((rule, i) => ruleProblems(rule, [...path, 'rules', i]))]
}

function ruleProblems(rule: unknown, path: Path): CrossProblem[] {
  const [action, value, place] = ['action', 'value', 'path'].map((key) => childAt(rule, key))
  const pattern = typeof place === 'string' ? parseRulePath(place) : undefined
  if (typeof action !== 'string' || typeof place !== 'string' || pattern === undefined) return []
  const vr = vrAt(pattern)
  const problems: CrossProblem[] = []
  if (vr !== undefined && !goesWith(action, vr))
    problems.push({
      kind: 'conflict',
      path: [...path, 'action'],
      found: action,
      other: `${place} (VR ${vr})`,
    })
  if (action !== 'replace' && value !== undefined)
    problems.push({
      kind: 'conflict',
      path: [...path, 'value'],
      found: typeof value === 'string' ? value : '…',
      other: `action ${action}`,
    })
  if (action === 'replace' && problems.length === 0)
    problems.push(...valueProblems(value, vr, [...path, 'value']))
  return problems
}

/** ASCII is encoded equally in every character set, so such a value fits each instance. */
function valueProblems(value: unknown, vr: string | undefined, path: Path): CrossProblem[] {
  if (value === undefined) return [{ kind: 'missing', path, expected: { what: 'asciiText' } }]
  if (typeof value !== 'string') return []
  if (!/^[\x20-\x7e]{1,64}$/.test(value))
    return [{ kind: 'wrong', path, found: value, expected: { what: 'asciiText' } }]
  if (vr === undefined || isValueOf(vr, value)) return []
  return [{ kind: 'wrong', path, found: value, expected: { what: 'value', vr } }]
}

function goesWith(action: string, vr: string): boolean {
  switch (action) {
    case 'shift-date':
      return vr === 'DA' || vr === 'DT'
    case 'replace-uid':
      return vr === 'UI'
    case 'scrub':
      return TEXT_VRS.has(vr) || vr === 'SQ'
    case 'replace':
      return isWrittenAsText(vr)
    default:
      return true
  }
}

function routeProblems(values: unknown): CrossProblem[] {
  const names = listAt(values, PROFILES).flatMap((profile) => textAt(profile, 'name') ?? [])
  return listAt(values, ['routes']).flatMap((route, i): CrossProblem[] => {
    const [profile, path] = [textAt(route, 'profile'), ['routes', i]]
    const isIdentified = ['on', 'yes', 'true'].includes(textAt(route, 'identified') ?? '')
    if (profile === undefined)
      return isIdentified
        ? []
        : [
            {
              kind: 'missing',
              path: [...path, 'profile'],
              expected: { what: 'choice', choices: [...names, 'identified: on'] },
            },
          ]
    if (isIdentified)
      return [{ kind: 'conflict', path: [...path, 'profile'], found: profile, other: 'identified: on' }]
    if (names.includes(profile)) return []
    return [
      {
        kind: 'wrong',
        path: [...path, 'profile'],
        found: profile,
        expected: { what: 'choice', choices: names },
      },
    ]
  })
}
