import { basename } from 'node:path'
import { z } from 'zod'
import { Failure } from '../../platform/failure.ts'
import type { ClashCause, Expected, Problem } from '../yaml/expected.ts'
import { nearestWord } from '../yaml/nearest-word.ts'
import { describeProblem, type Language } from '../yaml/problem-words.ts'
import { readText } from '../yaml/read-text.ts'
import { childAt, type Path, parseYaml, type YamlValues } from '../yaml/yaml-values.ts'
import { type NamedFile, namedFileProblems } from './named-files.ts'

/** A second value that must be different from an earlier one. */
export interface Repetition {
  readonly path: Path
  readonly first: Path
  readonly found: string
}

/** A value that does not go with another one. */
export type CrossProblem = { readonly path: Path } & (
  | { readonly kind: 'missing'; readonly expected: Expected }
  | { readonly kind: 'wrong'; readonly found: string; readonly expected: Expected }
  | { readonly kind: 'conflict'; readonly found: string; readonly other: string }
  /** Two routes that can send the same SOP Instance UID with different content; `first` is the other one. */
  | {
      readonly kind: 'clash'
      readonly first: Path
      readonly found: string
      readonly other: string
      readonly cause: ClashCause
      readonly subject: string
    }
)

/** The rules for one kind of configuration file. */
export interface SettingsKind<Settings> {
  readonly schema: z.ZodType<Settings>
  /** Checks the values as in the file, right or wrong, so that these problems are reported at once with the others. */
  repetitions?(values: unknown): Repetition[]
  /** Checks the values in the same way for those that exclude each other. */
  crossChecks?(values: unknown): CrossProblem[]
  /** Files that the file names, or that count by default. */
  namedFiles?(values: unknown): NamedFile[]
}

/** Whether the files that a configuration names are looked for: when it is checked, and when a program starts with it. */
export interface CheckOptions {
  readonly withFiles?: boolean
}

export type Checked<Settings> = {
  /** The file was not UTF-8 and was read as GB18030. */
  readonly encoding: 'utf-8' | 'gb18030'
} & (
  | { readonly settings: Settings; readonly problems: readonly [] }
  | { readonly settings: undefined; readonly problems: readonly Problem[] }
)

/** Reads a configuration file and finds all that is wrong with it. Throws CONFIG_INVALID only when it can't be read. */
export function checkSettings<Settings>(
  filePath: string,
  kind: SettingsKind<Settings>,
  { withFiles = false }: CheckOptions = {},
): Checked<Settings> {
  const { text, encoding } = readText(filePath)
  const yaml = parseYaml(text)
  // Wrong indentation makes everything after it wrong, too.
  if (yaml.problems.some((problem) => problem.kind === 'tab'))
    return { encoding, settings: undefined, problems: yaml.problems }
  const result = kind.schema.safeParse(yaml.values ?? {})
  const repetitions = kind.repetitions?.(yaml.values) ?? []
  const crossing = kind.crossChecks?.(yaml.values) ?? []
  const found = [
    ...yaml.problems,
    ...(result.error?.issues ?? []).flatMap((issue) => problemsOf(issue, yaml, kind.schema)),
    ...repetitions.map((repetition) => repeated(repetition, yaml)),
    ...crossing.map((problem) => crossed(problem, yaml)),
    ...(withFiles ? namedFileProblems(filePath, kind.namedFiles?.(yaml.values) ?? [], yaml) : []),
  ]
  const problems = withoutEffects(found).toSorted((a, b) => a.line - b.line || a.column - b.column)
  if (result.success && problems.length === 0) return { encoding, settings: result.data, problems: [] }
  return { encoding, settings: undefined, problems }
}

const placeOf = ({ line, column }: Problem): string => `${line}:${column}`

/** A value that YAML has changed is told as that, and not as a wrong value too. */
function withoutEffects(problems: readonly Problem[]): Problem[] {
  const changed = new Set(problems.filter(({ kind }) => kind === 'escape').map(placeOf))
  return problems.filter((problem) => problem.kind === 'escape' || !changed.has(placeOf(problem)))
}

/** The settings of a file without fault; otherwise throws CONFIG_INVALID with every problem on a line of its own. */
export function settingsOf<Settings>(
  checked: Checked<Settings>,
  filePath: string,
  language: Language,
): Settings {
  if (checked.settings !== undefined) return checked.settings
  const lines = checked.problems.map((problem) => describeProblem(basename(filePath), problem, language))
  throw new Failure('CONFIG_INVALID', lines.join('\n'))
}

function problemsOf(issue: z.core.$ZodIssue, yaml: YamlValues, schema: z.ZodType): Problem[] {
  const path = issue.path.filter((segment) => typeof segment !== 'symbol')
  const setting = nameOf(path)
  const found = valueAt(yaml.values, path)
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map((key) => ({
      kind: 'unknown',
      ...yaml.positionOf([...path, key], 'key'),
      setting: nameOf([...path, key]),
      nearest: nearestWord(key, known),
      known,
    }))
  }
  const place = { ...yaml.positionOf(path), setting }
  const expected = expectedBy(issue)
  if (found === undefined) return [{ kind: 'missing', ...place, expected }]
  if (issue.code === 'custom' && issue.params?.['newer'] === true)
    return [{ kind: 'newer', ...place, found: shown(found) }]
  const nearest = nearestBy(issue, found) ?? nearestTo(found, expected)
  return [{ kind: 'wrong', ...place, found: shown(found), expected, nearest }]
}

function expectedBy(issue: z.core.$ZodIssue): Expected {
  if (issue.code === 'custom' && isExpected(issue.params?.['expected'])) return issue.params['expected']
  return issue.code === 'invalid_type' && issue.expected === 'array' ? { what: 'list' } : { what: 'group' }
}

/** Asks the kind of setting itself, if it has its own words. */
function nearestBy(issue: z.core.$ZodIssue, found: unknown): string | undefined {
  const nearest: unknown = issue.code === 'custom' ? issue.params?.['nearest'] : undefined
  const word: unknown =
    typeof nearest === 'function' && typeof found === 'string' ? nearest(found) : undefined
  return typeof word === 'string' ? word : undefined
}

/** Only setting.ts puts anything under this name. */
function isExpected(value: unknown): value is Expected {
  return typeof value === 'object' && value !== null && 'what' in value
}

function crossed({ path, ...problem }: CrossProblem, yaml: YamlValues): Problem {
  const place = { ...yaml.positionOf(path), setting: nameOf(path) }
  if (problem.kind === 'missing') return { ...place, ...problem }
  const found = shown(problem.found)
  if (problem.kind === 'clash') {
    const { first, ...clash } = problem
    return { ...place, ...clash, found, otherLine: yaml.positionOf(first).line }
  }
  if (problem.kind === 'conflict') return { ...place, ...problem, found }
  const { expected } = problem
  return { ...place, ...problem, found, nearest: nearestTo(problem.found, expected) }
}

function nearestTo(found: unknown, expected: Expected): string | undefined {
  if (typeof found !== 'string' || expected.what !== 'choice') return undefined
  return nearestWord(found, expected.choices)
}

function repeated({ path, first, found }: Repetition, yaml: YamlValues): Problem {
  return {
    kind: 'repeated',
    ...yaml.positionOf(path),
    setting: nameOf(path),
    found: shown(found),
    firstLine: yaml.positionOf(first).line,
  }
}

function nameOf(path: Path): string {
  return path.reduce<string>((name, segment) => {
    if (typeof segment === 'number') return `${name}[${segment}]`
    return name === '' ? segment : `${name}.${segment}`
  }, '')
}

function valueAt(values: unknown, path: Path): unknown {
  return path.reduce(childAt, values)
}

/** Shows a value in a form that a person recognizes in the file; long values are cut. */
function shown(value: unknown): string {
  if (typeof value !== 'string') return Array.isArray(value) ? '[…]' : '{…}'
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value).replaceAll('\\\\', '\\')
}

/** The keys that the schema knows at a place, by its own JSON Schema. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let json: unknown = z.toJSONSchema(schema, { io: 'input' })
  for (const segment of path) {
    json =
      typeof segment === 'number' ? childAt(json, 'items') : childAt(childAt(json, 'properties'), segment)
  }
  return Object.keys(childAt(json, 'properties') ?? {})
}

/** Returns the same value, frozen, including maps and lists in it. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freezeDeep(inner)
  return Object.freeze(value)
}
