import { execFile } from 'node:child_process'
import { systemCode } from '../failure.ts'

const TOOL_MS = 10_000
const LIMIT_BYTES = 16 * 1024 * 1024

interface ToolAnswer {
  /** Undefined if it was ended by a signal or by the time limit. */
  readonly exitCode: number | undefined
  readonly out: string
}

/** Asks a program of the system. */
export type RunTool = (name: string, ...args: readonly string[]) => Promise<ToolAnswer | undefined>

/** Runs it without a shell and in its own language, for 10 s at most. Resolves to undefined if there is no such program. */
export const runTool: RunTool = (name, ...args) => {
  const { promise, resolve } = Promise.withResolvers<ToolAnswer | undefined>()
  const options = {
    timeout: TOOL_MS,
    maxBuffer: LIMIT_BYTES,
    env: { ...process.env, LC_ALL: 'C' },
    windowsHide: true,
    encoding: 'buffer' as const,
  }
  execFile(name, args, options, (error, stdout) => {
    if (error === null) return resolve({ exitCode: 0, out: textOf(stdout) })
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return resolve(undefined)
    resolve({ exitCode: typeof error.code === 'number' ? error.code : undefined, out: textOf(stdout) })
  })
  return promise
}

/** Programs of a Chinese Windows answer in its code page (GBK) when they write to a pipe. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder(process.platform === 'win32' ? 'gb18030' : 'utf-8').decode(bytes)
  }
}
