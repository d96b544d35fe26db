import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'

const SOURCE = join(import.meta.dirname, 'disk-shim.c')

/** One fault, for operations on paths of the given pattern (`*` matches slashes, too). */
export interface DiskFault {
  operation: 'write' | 'sync'
  path: string
  /** Without one the operation is carried out. */
  error?: 'EIO' | 'ENOSPC' | 'EROFS'
  /** Before the error or the operation. */
  delayMs?: number
  /** So often in each process; default: always. */
  times?: number
}

/** Makes file operations of a program fail or take long, on and off while it runs: see disk-shim.c. */
export class DiskShim implements Disposable {
  readonly #folder = tempFolder()
  #rules = 0

  constructor() {
    const library = this.#folder.join('shim.so')
    const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl'])
    if (status !== 0) throw new Error(`compiling ${SOURCE}: ${stderr.toString()}`)
  }

  /** Precedes the program's command line. */
  get wrapper(): string[] {
    return ['env', `LD_PRELOAD=${this.#folder.join('shim.so')}`, `FERRY_DISK_SHIM=${this.#folder.path}`]
  }

  /** From now on these, and none of those before. */
  set(...faults: DiskFault[]): void {
    const lines = faults.map(({ operation, path, error, delayMs = 0, times = 1_000_000 }) => {
      const errno = error === undefined ? 0 : constants.errno[error]
      return `${this.#rules++} ${operation} ${errno} ${delayMs} ${times} ${path}\n`
    })
    writeFileSync(this.#folder.join('rules.new'), lines.join(''))
    renameSync(this.#folder.join('rules.new'), this.#folder.join('rules'))
  }

  /** Paths of the operations that were disturbed, one for each time: none means that the shim is not in effect. */
  hits(operation: DiskFault['operation']): string[] {
    const file = this.#folder.join('hits')
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    return lines.filter((line) => line.startsWith(operation)).map((line) => line.slice(operation.length + 1))
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }
}

/** Holds tests that need the shim: where there is no glibc or no C compiler, they are shown as skipped. */
export function describeWithDiskShim(title: string, tests: () => void): void {
  const isPossible = process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0
  const group = isPossible ? describe : describe.skip
  group(isPossible ? title : `${title} (needs Linux and gcc, which are not here)`, tests)
}
