/** One notation of a known value, as a pattern over text from `foldText`. */
export interface SearchForm {
  /** Source of a regular expression; letters in either case. */
  readonly source: string
  /** Neighbours that exclude a match, because it would be part of a longer word or number. */
  readonly apart: 'no' | 'from-letters' | 'from-digits' | 'from-both' | 'from-numbers'
  /** Texts beyond ASCII, to be found as bytes in a value of unknown encoding. */
  readonly literals?: readonly string[]
}

/**
 * Characters that may separate the parts of a name: its own delimiters, spaces, the signs of file names; = separates
 * component groups.
 */
export const JOINT = String.raw`[\s^=,._:()/\\|·-]{0,3}`
export const SURE_JOINT = String.raw`[\s^=,._:()/\\|·-]{1,3}`

const SIDES: Readonly<Record<SearchForm['apart'], { before: readonly string[]; behind: string }>> = {
  no: { before: [], behind: '' },
  'from-letters': { before: ['[a-z]'], behind: '(?![a-z])' },
  'from-digits': { before: [String.raw`\d`], behind: String.raw`(?!\d)` },
  'from-both': { before: ['[a-z0-9]'], behind: '(?![a-z0-9])' },
  /** Not within a version or a UID either. */
  'from-numbers': { before: [String.raw`\d`, String.raw`\d[.-]`], behind: String.raw`(?![.-]?\d)` },
}

/**
 * Returns one pattern for all forms, the longer ones first, so that whole names are found before their parts; without
 * forms, a pattern that matches nothing. Forms are grouped by their first character: most places in a text then cost
 * one comparison, which is ten times as fast as trying every form.
 */
export function patternOf(forms: readonly SearchForm[]): RegExp {
  const groups = new Map<string, Set<string>>()
  for (const { source, apart } of forms.toSorted((a, b) => b.source.length - a.source.length)) {
    for (const start of startsOf(source)) {
      const { first, rest } = splitFirst(start)
      const group = groups.get(first) ?? new Set()
      groups.set(first, group.add(guarded(first, rest, SIDES[apart])))
    }
  }
  const sources = Array.from(groups, ([first, rests]) => `${first}(?:${Array.from(rests).join('|')})`)
  return new RegExp(sources.length === 0 ? '(?!)' : sources.join('|'), 'gi')
}

/** The lookbehind comes after the first character, and so must include it. */
function guarded(first: string, rest: string, { before, behind }: (typeof SIDES)['no']): string {
  return before.map((side) => `(?<!${side}${first})`).join('') + rest + behind
}

/** Returns a plain first character, and the rest; '' if the pattern begins with anything else. */
function splitFirst(source: string): { first: string; rest: string } {
  const first = /^(?:[^\\^$.*+?()[\]{}|]|\\[^a-z\d])(?![?*+{])/i.exec(source)?.[0] ?? ''
  return { first: first.toLowerCase(), rest: source.slice(first.length) }
}

/** Returns the pattern once for each alternative at its beginning: (?:shan|dan)tian, 0?1. */
function startsOf(source: string): string[] {
  const optional = /^([^\\^$.*+?()[\]{}|])\?/.exec(source)?.[1]
  if (optional !== undefined) return [optional, ''].flatMap((start) => startsOf(start + source.slice(2)))
  if (!source.startsWith('(?:')) return [source]
  const { alternatives, end } = alternativesOf(source)
  if (/^[?*+{]/.test(source.slice(end))) return [source]
  return alternatives.flatMap((one) => startsOf(one + source.slice(end)))
}

/** Returns the alternatives of the group that a pattern begins with, and the end of the group. */
function alternativesOf(source: string): { alternatives: string[]; end: number } {
  const alternatives = ['']
  let depth = 1
  for (const { 0: token, index } of source.slice(3).matchAll(/\\.|\[(?:\\.|[^\]])*\]|./gsu)) {
    if (token === '(') depth++
    if (token === ')' && --depth === 0) return { alternatives, end: 3 + index + 1 }
    if (token === '|' && depth === 1) alternatives.push('')
    else alternatives.push((alternatives.pop() ?? '') + token)
  }
  return { alternatives: [source], end: source.length }
}

export const either = (sources: readonly string[]): string =>
  sources.length === 1 ? (sources[0] ?? '') : `(?:${sources.join('|')})`

/** Escapes text as a pattern for itself; letters stay unchanged, in contrast to RegExp.escape. */
export const literally = (text: string): string => text.replaceAll(/[\^$\\.*+?()[\]{}|/]/g, String.raw`\$&`)
