import { spawnSync } from 'node:child_process'

export const hasTool = (tool: string): boolean => spawnSync('which', [tool]).status === 0

/** Runs a program that ends by itself, and returns its output as text. */
export function run(command: string, args: readonly string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, NODE_OPTIONS: '', ...environment }
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 })
  return { stdout, stderr, status }
}

/** Returns the standard output; throws with all output if the program fails. */
export function succeeds(
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): string {
  const { status, stdout, stderr } = run(command, args, environment)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return stdout
}
