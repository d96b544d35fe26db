import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RunningProgram extends AsyncDisposable {
  child: ChildProcess
  port: number
  /** As a power button would: no handler runs. Resolves when it is gone. */
  kill(): Promise<void>
  /** As a service manager does it. */
  stop(): Promise<void>
}

export interface ProgramOptions {
  /** Before the program: strace and its flags, say. */
  wrapper?: readonly string[]
  nodeFlags?: readonly string[]
  /** Descriptor of the file that takes its log; none = this process's own standard error. */
  stderr?: number
}

/** Compiled code of these programs, as the installed ones keep it: half of the processor time of a start. */
const COMPILED = join(import.meta.dirname, '../../../node_modules/.cache/test-programs')

/** Starts test/support/programs/run-*.ts on the given settings and waits until it says that it is ready. */
export async function startProgram(
  name: 'run-agent' | 'run-center',
  settingsFile: string,
  settings: object,
  { wrapper = [], nodeFlags = [], stderr }: ProgramOptions = {},
): Promise<RunningProgram> {
  writeFileSync(settingsFile, JSON.stringify(settings, listsForSets))
  const script = join(import.meta.dirname, `${name}.ts`)
  const [command, ...args] = [...wrapper, process.execPath, ...nodeFlags, script, settingsFile]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', stderr ?? 'inherit'],
    // A group of its own, so that what strace runs dies with strace.
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILED },
  })
  const gone = once(child, 'exit')
  const port = await readyPort(child, gone)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal)
    await gone
  }
  return {
    child,
    port,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

async function readyPort(child: ChildProcess, gone: Promise<unknown>): Promise<number> {
  if (child.stdout === null) throw new Error('no standard output')
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const [, port] = /^ready (\d+)$/.exec(line) ?? []
    if (port !== undefined) return Number(port)
  }
  await gone
  throw new Error(`the program ended before it was ready, with ${child.exitCode ?? child.signalCode}`)
}

/** JSON has no sets; run-agent.ts makes those of profiles again. */
const listsForSets = (_: string, value: unknown): unknown =>
  value instanceof Set ? Array.from(value) : value
