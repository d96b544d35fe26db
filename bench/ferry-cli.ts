import { join } from 'node:path'
import { Child } from './child.ts'

const BIN = join(import.meta.dirname, '..', 'bin')

/** The programs as they are installed. */
export const FERRY = join(BIN, 'ferry.js')
export const FERRY_CENTER = join(BIN, 'ferry-center.js')

/** English, whatever the machine speaks: its words are read here. */
const ENGLISH = { FERRY_LANG: 'en' }

/** A program of ours that goes on running. */
export function startProgram(program: string, args: readonly string[]): Child {
  return new Child(process.execPath, [program, ...args], { env: ENGLISH })
}

/** Runs a command of ours to its end and answers what it prints with --json; throws with its words when it fails. */
export async function ask(
  program: string,
  args: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  await using child = startProgram(program, [...args, '--json'])
  let printed = ''
  child.process.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  await child.finished()
  return JSON.parse(printed) as Record<string, unknown>
}
