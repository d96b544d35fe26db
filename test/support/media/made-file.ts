import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tempFolder } from '../temp-folder.ts'

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
