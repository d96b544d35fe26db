import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import type { Problem } from './expected.ts'
import { yamlProblems } from './yaml-problems.ts'

export type Path = readonly (string | number)[]

interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML file as maps, lists and texts, with the place of each. */
export interface YamlValues {
  /** Every scalar is its source text; an empty one is undefined, as if it were not there. */
  readonly values: unknown
  /** Syntax faults, repeated keys, and YAML features without a use in a configuration (aliases, lists as keys). */
  readonly problems: readonly Problem[]
  /** The position of the value, or of its key; for a missing one, the position of its nearest parent. */
  positionOf(path: Path, part?: 'key' | 'value'): Position
}

/** Returns the value under a key or at a place of a list; undefined if there is none. */
export function childAt(values: unknown, segment: string | number): unknown {
  return typeof values === 'object' && values !== null && Object.hasOwn(values, segment)
    ? Reflect.get(values, segment)
    : undefined
}

/** The failsafe schema knows texts only: 0123 and 1E5 stay as they were typed. */
export function parseYaml(source: string): YamlValues {
  const lines = new LineCounter()
  const document = parseDocument(source, { schema: 'failsafe', lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const problems = yamlProblems(document, source, at)
  const values = valueOf(document.contents, (node, detail) => {
    problems.push({ kind: 'syntax', ...at(node.range?.[0] ?? 0), setting: '', detail })
  })
  return { values, problems, positionOf: (path, part = 'value') => at(offsetOf(document, path, part)) }
}

function valueOf(node: unknown, complain: (node: Node, detail: string) => void): unknown {
  if (isScalar(node)) return node.type === 'PLAIN' && isNothing(node.source) ? undefined : String(node.value)
  if (isSeq(node)) return node.items.map((item) => valueOf(item, complain))
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => {
        if (!isScalar(key)) complain(node, 'a key must be a plain word')
        return [isScalar(key) ? String(key.value) : '?', valueOf(value, complain)]
      }),
    )
  }
  if (isAlias(node))
    complain(node, `*${node.source} refers to another place: write the value out, or put it in quotes`)
  return undefined
}

const isNothing = (source: string | undefined): boolean => ['', '~', 'null'].includes(source ?? '')

function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = rangeStart(node) ?? 0
  for (const [depth, segment] of path.entries()) {
    const [key, value] = childOf(node, segment)
    if (key === undefined && value === undefined) return offset
    const wanted = depth === path.length - 1 ? part : 'value'
    offset = rangeStart(wanted === 'key' ? key : value) ?? rangeStart(key) ?? offset
    node = value
  }
  return offset
}

function childOf(node: unknown, segment: string | number): [unknown, unknown] {
  if (isSeq(node)) return [undefined, node.items[Number(segment)]]
  const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === segment) : undefined
  return [pair?.key, pair?.value]
}

const rangeStart = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)
