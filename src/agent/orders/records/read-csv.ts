import { Failure } from '../../../platform/failure.ts'

const SEPARATORS = [',', ';', '\t']

/**
 * Reads CSV (RFC 4180) with a line of names; the separator is the one of `, ; TAB` that the first line has most of. Lines
 * without any value are left out. Throws ORDERS_INVALID.
 */
export function readCsv(text: string): Record<string, string>[] {
  const firstLine = /^[^\r\n]*/.exec(text)?.[0] ?? ''
  const count = (separator: string): number => firstLine.split(separator).length
  const separator = SEPARATORS.toSorted((a, b) => count(b) - count(a))[0] ?? ','
  const [names = [], ...rows] = readRows(text, separator)
  if (names.every((name) => name.trim() === '')) throw invalid('no line of names')
  return rows
    .filter((row) => row.some((value) => value.trim() !== ''))
    .map((row) => Object.fromEntries(names.map((name, i) => [name.trim(), row[i] ?? ''])))
}

function readRows(text: string, separator: string): string[][] {
  const rows: string[][] = [[]]
  for (let at = 0; at <= text.length; at++) {
    const quoted = text[at] === '"' ? readQuoted(text, at) : undefined
    const end = quoted?.end ?? endOfPlain(text, at, separator)
    rows.at(-1)?.push(quoted?.value ?? text.slice(at, end))
    at = end
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    if (at >= text.length || text[at] === separator) continue
    if (text[at] !== '\n' && text[at] !== '\r') throw invalid('text after a quoted value')
    rows.push([])
  }
  return rows
}

function endOfPlain(text: string, from: number, separator: string): number {
  let at = from
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++
  return at
}

/** `end` is after the closing quote. */
function readQuoted(text: string, from: number): { value: string; end: number } {
  let close = text.indexOf('"', from + 1)
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
  if (close < 0) throw invalid('a quoted value has no end')
  return { value: text.slice(from + 1, close).replaceAll('""', '"'), end: close + 1 }
}

const invalid = (found: string): Failure => new Failure('ORDERS_INVALID', `reading CSV: ${found}`)
