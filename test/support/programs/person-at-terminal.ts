import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { until } from '../clocks/until.ts'

/** Runs a program in a pseudo-terminal of 40 lines and 100 columns; standard input is the keyboard. */
const PSEUDO_TERMINAL = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))
watched = [0, fd]
while True:
  ready, _, _ = select.select(watched, [], [])
  try:
    if fd in ready: os.write(1, os.read(fd, 65536))
  except OSError: break
  if 0 in ready:
    keys = os.read(0, 4096)
    if keys: os.write(fd, keys)
    else: watched = [fd]
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

/** Returns true if Python can open pseudo-terminals here. */
export function hasPseudoTerminal(): boolean {
  return spawnSync('python3', ['-c', 'import pty']).status === 0
}

/** A person at a terminal, on which a program runs: reads what it shows, and types. */
export class PersonAtTerminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown[]>
  #screen = ''

  constructor(command: readonly string[], folder: string, env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn('python3', ['-c', PSEUDO_TERMINAL, ...command], {
      cwd: folder,
      env: { ...env, NODE_OPTIONS: '', TERM: 'xterm' },
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#screen += text))
    this.#ended = once(this.#child, 'exit')
  }

  get screen(): string {
    return stripVTControlCharacters(this.#screen)
  }

  /** Waits for a question or a sentence; then types the keys. Resolves to the match. */
  async when(shown: RegExp, keys = '', limitMs?: number): Promise<RegExpExecArray | null> {
    await until(
      () => this.screen,
      (screen) => shown.test(screen),
      limitMs,
    )
    this.#child.stdin.write(keys)
    return shown.exec(this.screen)
  }

  async exitCode(): Promise<unknown> {
    return (await this.#ended)[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
