import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Says in words why a running process cannot be traced here; undefined if it can. */
export function straceTrouble(): string | undefined {
  if (process.platform !== 'linux') return 'strace is for Linux'
  const attach = 'sleep 5 & timeout 0.5 strace -qq -o /dev/null -p $!; echo $?; kill $!'
  const { status, stdout } = spawnSync('sh', ['-c', attach], { encoding: 'utf8' })
  // timeout ends with 124 what would have gone on.
  return status === 0 && stdout.startsWith('124') ? undefined : 'strace cannot attach to a running process'
}

/** strace on a running process and all its threads, until disposed of or until the process ends. */
export class Strace implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#gone = once(child, 'exit')
  }

  /** Resolves when the process is traced: `expressions` are those of strace's -e. */
  static async attach(pid: number, traceFile: string, expressions: readonly string[]): Promise<Strace> {
    const args = ['-f', '-o', traceFile, ...expressions.flatMap((it) => ['-e', it]), '-p', String(pid)]
    const child = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const strace = new Strace(child)
    const lines = createInterface({ input: child.stderr })
    for await (const line of lines) if (line.includes('attached')) return strace
    throw new Error(`strace did not attach to process ${pid}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#gone
  }
}
