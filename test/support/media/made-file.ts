import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from '@jest/globals'
import { tempFolder } from '../temp-folder.ts'

const isInstalled = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))

/** Holds tests that need programs of the system: without them, they are shown as skipped, with the programs' names. */
export function describeWith(programs: readonly string[], title: string, tests: () => void): void {
  const missing = programs.filter((program) => !isInstalled(program))
  const group = missing.length === 0 ? describe : describe.skip
  group(missing.length === 0 ? title : `${title} (${missing.join(', ')} is not installed)`, tests)
}

/** Runs a program that writes one file of the given name, and returns its bytes; `OUT` among the arguments is its path. */
export function madeBy(program: string, name: string, args: readonly string[], input?: Buffer): Buffer {
  using folder = tempFolder()
  const path = folder.join(name)
  execFileSync(
    program,
    args.map((arg) => arg.replaceAll('OUT', path)),
    {
      ...(input === undefined ? {} : { input }),
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, TMPDIR: folder.path },
    },
  )
  return readFileSync(path)
}

/** An image by ImageMagick, of the form that the name's ending says. */
export const image = (name: string, ...args: readonly string[]): Buffer =>
  madeBy('convert', name, [...args, 'OUT'])

/** A PDF of one page by Ghostscript. */
export const pdf = (...args: readonly string[]): Buffer =>
  madeBy('gs', 'report.pdf', ['-q', '-dSAFER', '-sDEVICE=pdfwrite', ...args, '-o', 'OUT', '-c', 'showpage'])
