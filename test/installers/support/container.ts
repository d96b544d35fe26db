import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { until } from '../../support/clocks/until.ts'

interface Ran {
  readonly exitCode: number
  /** Standard output and standard error. */
  readonly text: string
}

/** Enough for a machine that others use too. */
const BOOT_LIMIT_MS = 120_000
/** The environment of root in the container. */
export const ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  FERRY_LANG: 'en',
}
const STARTED = new Set(['running', 'degraded'])

/**
 * A Debian whose systemd runs as process 1, with a network card to this machine. It needs no D-Bus here and no systemd:
 * commands are run in its namespaces.
 */
export class Container implements AsyncDisposable {
  readonly root: string
  readonly hostAddress: string
  /** This machine's end of the cable. */
  readonly #card: string
  #nspawn: ChildProcess | undefined
  #leader = 0

  constructor(root: string, card: string, hostAddress: string) {
    this.root = root
    this.#card = card
    this.hostAddress = hostAddress
  }

  /** Boots it; resolves with the time until all its services had started. */
  async boot(): Promise<number> {
    const started = performance.now()
    const args = ['--quiet', '--register=no', '--keep-unit', '--boot', '--private-network', '--console=pipe']
    this.#nspawn = spawn(
      'systemd-nspawn',
      [...args, `--network-veth-extra=${this.#card}:host0`, `--directory=${this.root}`],
      {
        stdio: 'ignore',
        env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
      },
    )
    const { pid = 0 } = this.#nspawn
    this.#leader = await until(
      () => leaderOf(pid),
      (leader) => leader > 0,
      BOOT_LIMIT_MS,
    )
    await until(
      () => spawnSync('ip', ['link', 'set', this.#card, 'up']).status,
      (status) => status === 0,
      BOOT_LIMIT_MS,
    )
    spawnSync('ip', ['address', 'add', `${this.hostAddress}/30`, 'dev', this.#card])
    await until(
      () => this.run('systemctl', 'is-system-running'),
      ({ text }) => STARTED.has(text.trim()),
      BOOT_LIMIT_MS,
    )
    return performance.now() - started
  }

  /** The command of this machine that runs another one in it as root. */
  inside(command: string, ...args: readonly string[]): string[] {
    const namespaces = ['--target', String(this.#leader), '--mount', '--uts', '--ipc', '--net', '--pid']
    return ['nsenter', ...namespaces, '--', command, ...args]
  }

  /** Runs a command in it as root. */
  run(command: string, ...args: readonly string[]): Promise<Ran> {
    const { promise, resolve } = Promise.withResolvers<Ran>()
    const [program = '', ...rest] = this.inside(command, ...args)
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: BOOT_LIMIT_MS }
    execFile(program, rest, { env: ENVIRONMENT, ...limits }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode, text: `${stdout}${stderr}` })
    })
    return promise
  }

  /** Runs a command that must succeed, and resolves with its output. */
  async must(command: string, ...args: readonly string[]): Promise<string> {
    const { exitCode, text } = await this.run(command, ...args)
    if (exitCode !== 0) throw new Error(`${[command, ...args].join(' ')}: exit code ${exitCode}: ${text}`)
    return text
  }

  /** A property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.must('systemctl', 'show', '--value', `--property=${name}`, unit)).trim()
  }

  /** As a person at the machine does it. Its processes end in order; resolves when it has booted again. */
  async reboot(): Promise<number> {
    const gone = this.#gone()
    await this.run('systemctl', 'reboot', '--no-block')
    await gone
    return this.boot()
  }

  /** Ends every process in it at once, as a power cut does. */
  async [Symbol.asyncDispose](): Promise<void> {
    const gone = this.#gone()
    if (this.#leader > 0) spawnSync('kill', ['-KILL', String(this.#leader)])
    await gone
  }

  async #gone(): Promise<void> {
    const child = this.#nspawn
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    await once(child, 'exit')
  }
}

/** The host's number of the process that is 1 in the container; 0 until there is one. */
function leaderOf(nspawn: number): number {
  const children = read(`/proc/${nspawn}/task/${nspawn}/children`).trim().split(/\s+/)
  return Number(children.find((pid) => /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`))) ?? 0)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
