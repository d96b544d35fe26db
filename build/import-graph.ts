import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

/** One import of a file: another file of the tree, by its path from the root of the tree, or a package by its name. */
export interface Import {
  readonly file: string
  readonly target: string
  readonly isPackage: boolean
}

/** For each node the nodes that its arrows lead to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>

const IMPORT = /\bfrom '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm

/** The TypeScript files of a folder, by their paths from there, in alphabetical order. */
export function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .toSorted()
}

/** All imports of the tree, those of types included; the modules of Node are left out. */
export function readImports(root: string): Import[] {
  return sourceFiles(root).flatMap((file) =>
    Array.from(readFileSync(`${root}/${file}`, 'utf8').matchAll(IMPORT), (match) => {
      const named = match[1] ?? match[2] ?? match[3] ?? ''
      const isPackage = !named.startsWith('.')
      return { file, target: isPackage ? named : posix.join(posix.dirname(file), named), isPackage }
    }).filter(({ target }) => !target.startsWith('node:')),
  )
}

/** The arrows between what `nodeOf` makes of files: the files themselves, or their folders. */
export function graphOf(
  files: readonly string[],
  imports: readonly Import[],
  nodeOf = (file: string) => file,
): Graph {
  const graph = new Map<string, Set<string>>(files.map((file) => [nodeOf(file), new Set()]))
  for (const { file, target, isPackage } of imports) {
    if (isPackage) continue
    const [from, to] = [nodeOf(file), nodeOf(target)]
    if (from !== to) graph.get(from)?.add(to)
  }
  return graph
}

/**
 * Sets of nodes that reach one another (Tarjan's strongly connected components with more than one node). Every arrow of a
 * graph without circles can be drawn downward.
 */
export function circlesOf(graph: Graph): string[][] {
  const order = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (node: string): number => {
    const number = order.size
    let low = number
    order.set(node, number)
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low)
    }
    if (low === number) {
      const circle = stack.splice(stack.indexOf(node))
      if (circle.length > 1) circles.push(circle.toSorted())
    }
    return low
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return circles
}

/** The floor of each node of a graph without circles: 0 if it imports nothing, else one above the highest that it imports. */
export function floorsOf(graph: Graph): ReadonlyMap<string, number> {
  const floors = new Map<string, number>()
  const floorOf = (node: string): number => {
    const known = floors.get(node)
    if (known !== undefined) return known
    const below = [...(graph.get(node) ?? [])].filter((next) => graph.has(next))
    const floor = below.length === 0 ? 0 : 1 + Math.max(...below.map(floorOf))
    floors.set(node, floor)
    return floor
  }
  for (const node of graph.keys()) floorOf(node)
  return floors
}
