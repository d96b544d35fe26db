import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import { formatTable, type Group, type Sheet } from './table.ts'

const RESULTS_FOLDER = join(import.meta.dirname, 'results')

export interface Results {
  readonly kind: string
  readonly takenAt: Date
  readonly command: string
  readonly machine: Machine
  /** Programs that were not there: what they would have done is not in the tables. */
  readonly missing: readonly string[]
  readonly groups: readonly (Group | Sheet)[]
}

/** The tables, with the machine described. */
export function formatResults({ kind, takenAt, command, machine, missing, groups }: Results): string {
  const { processor, memory, system, fileSystem, node, loadBefore, peers } = machine
  return [
    `# Bench: ${kind}, ${takenAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    `\`${command}\` on ${processor}, ${memory}; ${system}; ${fileSystem}; Node ${node}; ${peers.join('; ')}.`,
    `Load before: ${loadBefore}. Figures are medians of the rounds; on another machine only the ratios hold.`,
    ...(missing.length === 0 ? [] : [`Not measured, since not installed: ${missing.join(', ')}.`]),
    '',
    ...groups.map(formatTable),
  ].join('\n')
}

/** Writes the results beside those of other days; answers the path of the tables. */
export async function writeResults(results: Results): Promise<string> {
  const { kind, takenAt } = results
  await mkdir(RESULTS_FOLDER, { recursive: true })
  const base = join(RESULTS_FOLDER, `${kind}-${takenAt.toISOString().slice(0, 16).replace(/[:]/g, '')}`)
  await writeFile(`${base}.json`, `${JSON.stringify(results, undefined, 2)}\n`)
  await writeFile(`${base}.md`, `${formatResults(results).trim()}\n`)
  return `${base}.md`
}
