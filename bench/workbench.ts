import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { DATA_FOLDER } from './make-study.ts'

/** Options of the command line. */
export interface BenchOptions {
  /** Instances of the CT set; the other sets shrink by the same part. */
  readonly instances: number
  readonly rounds: number
  readonly quick: boolean
  /** Intake: only the comparisons with this set. */
  readonly only: string | undefined
}

/** A folder of its own on the disk of the repository, so that fsync means something; gone afterwards. */
export async function workFolder(): Promise<AsyncDisposable & { path: string }> {
  await mkdir(DATA_FOLDER, { recursive: true })
  const path = await mkdtemp(join(DATA_FOLDER, 'run-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Lets the disk finish what the last subject left to it, so that the next one does not pay. */
export function settleDisk(): void {
  execFileSync('sync')
}

/** Those whose program is there; the names of the others go into `missing`. */
export function present<T extends { readonly name: string; readonly program?: string }>(
  subjects: readonly T[],
  missing: Set<string>,
): T[] {
  return subjects.filter(({ program }) => {
    if (program === undefined || isInstalled(program)) return true
    missing.add(program)
    return false
  })
}

export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** For whoever watches; the results go to standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
