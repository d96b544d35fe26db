import { isValueOf, isWrittenAsText } from '../../dicom/vocabulary/value-form.ts'
import { parseRulePath, vrAt } from '../setting/rule-paths.ts'
import type { Path } from '../yaml/yaml-values.ts'
import type { CrossProblem, Repetition } from './check-settings.ts'
import { listAt, repeatedNames, textAt, valueAt } from './yaml-places.ts'

const RULES = ['normalization', 'rules']
const PLACEHOLDER = /\{(callingAeTitle|device)\}/
const NAMED: Readonly<Record<string, string>> = {
  issuerOfPatientId: 'LO',
  institutionName: 'LO',
  stationName: 'SH',
}

/** Values that their elements cannot hold, and parts of a rule that exclude each other. */
export function normalizationProblems(values: unknown): CrossProblem[] {
  const routes = listAt(values, ['routes']).flatMap((route) => textAt(route, 'name') ?? [])
  return listAt(values, RULES).flatMap((rule, i) => ruleProblems(rule, [...RULES, i], routes))
}

export function repeatedNormalizationNames(values: unknown): Repetition[] {
  return repeatedNames(listAt(values, RULES), RULES)
}

function ruleProblems(rule: unknown, path: Path, routes: readonly string[]): CrossProblem[] {
  const named = Object.entries(NAMED).flatMap(([key, vr]) => unfit(textAt(rule, key), vr, [...path, key]))
  const set = listAt(rule, ['set']).flatMap((one, i) => {
    const pattern = parseRulePath(textAt(one, 'path') ?? '')
    const vr = pattern && vrAt(pattern)
    return vr === undefined ? [] : unfit(textAt(one, 'value'), vr, [...path, 'set', i, 'value'])
  })
  return [
    ...named,
    ...set,
    ...prefixProblem(rule, path),
    ...privateProblem(rule, path),
    ...routeProblem(rule, path, routes),
  ]
}

/** Text with placeholders is checked when it is filled in. */
function unfit(value: string | undefined, vr: string, path: Path): CrossProblem[] {
  if (value === undefined || PLACEHOLDER.test(value) || !isWrittenAsText(vr) || isValueOf(vr, value))
    return []
  return [{ kind: 'wrong', path, found: value, expected: { what: 'value', vr } }]
}

/** It precedes bytes that are not decoded, so its encoding must be the same in every character set. */
function prefixProblem(rule: unknown, path: Path): CrossProblem[] {
  const prefix = textAt(rule, 'accessionPrefix')
  if (prefix === undefined || /^[\x21-\x5b\x5d-\x7e]{1,15}$/.test(prefix)) return []
  return [
    {
      kind: 'wrong',
      path: [...path, 'accessionPrefix'],
      found: prefix,
      expected: { what: 'accessionPrefix' },
    },
  ]
}

function privateProblem(rule: unknown, path: Path): CrossProblem[] {
  if (listAt(rule, ['keepPrivate']).length === 0 || textAt(rule, 'privateGroups') === 'drop') return []
  return [
    { kind: 'missing', path: [...path, 'privateGroups'], expected: { what: 'choice', choices: ['drop'] } },
  ]
}

/** Without configured routes there is the one that sends everything with identity. */
function routeProblem(rule: unknown, path: Path, configured: readonly string[]): CrossProblem[] {
  const when = [...path, 'when', 'route']
  const route = textAt(valueAt(rule, ['when']), 'route')
  const routes = configured.length === 0 ? ['identified'] : configured
  if (route === undefined || routes.includes(route)) return []
  return [{ kind: 'wrong', path: when, found: route, expected: { what: 'choice', choices: routes } }]
}
