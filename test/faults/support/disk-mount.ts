import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from '@jest/globals'
import { until } from '../../support/clocks/until.ts'
import { tempFolder } from '../../support/temp-folder.ts'

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.toString()}`)
}

/** A small disk of its own, in memory. */
export class SmallDisk implements Disposable {
  readonly path: string

  /** Options of tmpfs: `size=16m,nr_inodes=2000`. */
  constructor(path: string, options: string) {
    this.path = path
    mkdirSync(path, { recursive: true })
    run('mount', '-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', path)
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** Other programs' files take all of it except `freeBytes`; {@link clean} removes them. */
  fill(freeBytes = 0): void {
    mkdirSync(this.#others, { recursive: true })
    // A program that writes at this moment leaves less than was seen.
    for (let attempt = 1; ; attempt++) {
      const file = join(this.#others, randomUUID())
      try {
        return run('fallocate', '-l', String(this.freeBytes - freeBytes), file)
      } catch (error) {
        if (attempt === 5) throw error
        rmSync(file, { force: true })
      }
    }
  }

  /** Other programs' files take all names except `freeFiles`. */
  fillNames(freeFiles = 0): void {
    mkdirSync(this.#others, { recursive: true })
    const free = statfsSync(this.path).ffree
    for (let i = freeFiles; i < free; i++) writeFileSync(join(this.#others, randomUUID()), '')
  }

  clean(): void {
    rmSync(this.#others, { recursive: true, force: true })
  }

  /** As the kernel does with a file system that it no longer trusts; here it waits until no file is open for writing. */
  async makeReadOnly(): Promise<void> {
    await until(
      () => spawnSync('mount', ['-o', 'remount,ro', this.path]).status,
      (status) => status === 0,
    )
  }

  makeWritable(): void {
    run('mount', '-o', 'remount,rw', this.path)
  }

  get #others(): string {
    return join(this.path, 'others')
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['--lazy', this.path])
  }
}

/** Holds tests that mount small disks: where that is not allowed, they are shown as skipped. */
export function describeWithSmallDisks(title: string, tests: () => void): void {
  const isPossible = canMount()
  const group = isPossible ? describe : describe.skip
  group(isPossible ? title : `${title} (needs root on Linux, to mount small disks)`, tests)
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  using folder = tempFolder()
  try {
    using disk = new SmallDisk(folder.join('try'), 'size=1m')
    return disk.freeBytes > 0
  } catch {
    return false
  }
}
