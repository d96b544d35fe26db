import { type Document, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import type { Problem } from './expected.ts'

/** Gives the place of an offset in the file. */
type PlaceOf = (offset: number) => { readonly line: number; readonly column: number }

/**
 * Everything that is wrong with a file as YAML. A tab as indentation shifts all that follows, so it is then the only
 * problem that is told.
 */
export function yamlProblems(document: Document, source: string, at: PlaceOf): Problem[] {
  const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT').map(({ pos }) => at(pos[0]))
  const [first, ...others] = tabs
  if (first !== undefined)
    return [{ kind: 'tab', ...first, setting: '', otherLines: others.map(({ line }) => line) }]
  const escapes: Problem[] = []
  const twice: Problem[] = []
  visit(document.contents, '', {
    scalar(scalar, setting) {
      const raw = source.slice(...(scalar.range ?? [0, 0]))
      if (isEaten(scalar, raw))
        escapes.push({ kind: 'escape', ...at(scalar.range?.[0] ?? 0), setting, raw: rawInside(raw) })
    },
    keyTwice(offset, setting, firstOffset) {
      twice.push({ kind: 'keyTwice', ...at(offset), setting, firstLine: at(firstOffset).line })
    },
  })
  const lines = new Set(escapes.map(({ line }) => line))
  const rest = document.errors.filter(
    ({ code, pos }) => code !== 'DUPLICATE_KEY' && !lines.has(at(pos[0]).line),
  )
  const syntax = rest.map(
    ({ pos, message }): Problem => ({ kind: 'syntax', ...at(pos[0]), setting: '', detail: message }),
  )
  return [...syntax, ...escapes, ...twice]
}

interface Visitor {
  scalar(scalar: Scalar, setting: string): void
  keyTwice(offset: number, setting: string, firstOffset: number): void
}

function visit(node: unknown, setting: string, visitor: Visitor): void {
  if (isScalar(node)) visitor.scalar(node, setting)
  if (isSeq(node)) for (const [i, item] of node.items.entries()) visit(item, `${setting}[${i}]`, visitor)
  if (!isMap(node)) return
  const seen = new Map<string, number>()
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '?'
    const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0
    const inside = setting === '' ? name : `${setting}.${name}`
    const first = seen.get(name)
    if (first === undefined) seen.set(name, offset)
    else visitor.keyTwice(offset, inside, first)
    visit(value, inside, visitor)
  }
}

/** No setting has a control character: an escape in double quotes made one of a Windows path, or is unknown to YAML. */
function isEaten({ type, value }: Scalar, raw: string): boolean {
  if (type !== 'QUOTE_DOUBLE') return false
  const escapes = Array.from(raw.matchAll(/\\(.)/gs), ([, escaped = '']) => escaped)
  const hasUnknown = escapes.some((escaped) => !KNOWN_ESCAPES.includes(escaped))
  const isPath = /^"[A-Za-z]:/.test(raw) && escapes.some((escaped) => escaped !== '\\')
  return hasUnknown || isPath || (escapes.length > 0 && CONTROL.test(String(value)))
}

/** YAML 1.2.2 §5.7. */
const KNOWN_ESCAPES = '0abt\tnvfre "/\\N_LPxuU\r\n'
const CONTROL = /[\p{Cc}\u00a0\u2028\u2029]/u

/** Without the quotes; of a text whose closing quote was taken for an escape only the first line counts. */
const rawInside = (raw: string): string =>
  raw
    .split(/[\r\n]/)[0]
    ?.replace(/^"/, '')
    .replace(/"\s*$/, '') ?? ''
