import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Returns true if DCMTK's storescu is installed. */
export function hasStorescu(): boolean {
  return spawnSync('storescu', ['--version']).status === 0
}

/**
 * Runs DCMTK's storescu and tells each file for which it has read Success. Returns its exit code, or null if it was killed.
 */
export async function runStorescu(
  args: readonly string[],
  stored: (path: string, storescu: ChildProcess) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number | null> {
  const child = spawn('storescu', ['-v', '-R', ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const exit = once(child, 'exit')
  let path = ''
  for await (const line of createInterface({ input: child.stderr })) {
    path = /Sending file: (.+)$/.exec(line)?.[1] ?? path
    if (line.includes('Received Store Response (Success)')) stored(path, child)
  }
  await exit
  return child.exitCode
}
