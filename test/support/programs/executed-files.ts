import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Files of src/ of which a function ran: until Success, and from there to the confirmed receipt. */
interface ExecutedFiles {
  readonly success: readonly string[]
  readonly receipt: readonly string[]
}

/** Sends one instance to an agent and a center in a process of its own, and returns the files that took part. */
export async function executedFiles(): Promise<ExecutedFiles> {
  const script = fileURLToPath(new URL('run-executed-files.ts', import.meta.url))
  const args = ['--disable-warning=ExperimentalWarning', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 })
  return JSON.parse(stdout) as ExecutedFiles
}
