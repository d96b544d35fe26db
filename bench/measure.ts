import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'

/** Resources that a process with its children used between two moments. */
export interface Usage {
  readonly seconds: number
  readonly cpuSeconds: number
  /** The most memory that it held at once (VmHWM), from its start or the last {@link resetPeak}. */
  readonly peakBytes: number
  /** Ms from the first byte of an instance to its answer, in no order; only the intake bench with Ferry's own SCU has them. */
  readonly latenciesMs?: readonly number[]
  /** Flushes of the disk that holds the subject's folder, by whichever process. */
  readonly flushes?: number
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const KIB = 1024

/** Runs `work` and says what the processes used meanwhile. */
export async function measure(pids: readonly number[], work: () => Promise<void>): Promise<Usage> {
  const cpuBefore = cpuSeconds(pids)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  return {
    seconds,
    cpuSeconds: cpuSeconds(pids) - cpuBefore,
    peakBytes: sum(pids.flatMap(tree), (pid) => memory(pid, 'VmHWM')),
  }
}

/**
 * Returns the number of flushes that the disk under a folder has completed (Documentation/block/stat.rst); undefined if
 * the folder is on no disk that counts them.
 */
export function flushesOf(folder: string): number | undefined {
  const { dev } = statSync(folder)
  // As makedev(3) of glibc puts them together for small numbers.
  const device = `/sys/dev/block/${(dev >>> 8) & 0xfff}:${dev & 0xff}`
  if (!existsSync(device)) return undefined
  // Only the whole disk counts flushes.
  const path = existsSync(`${device}/partition`) ? `${device}/../stat` : `${device}/stat`
  const flushes = Number(readFileSync(path, 'utf8').trim().split(/ +/)[15])
  return Number.isNaN(flushes) ? undefined : flushes
}

/** The memory that a process holds now. */
export function residentBytes(pid: number): number {
  return sum(tree(pid), (one) => memory(one, 'VmRSS'))
}

/** The part of it that no file on the disk contains: the kernel cannot drop these pages and read them again. */
export function anonymousBytes(pid: number): number {
  return sum(tree(pid), (one) => memory(one, 'RssAnon'))
}

/** Makes VmHWM begin again at what is held now (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  for (const one of tree(pid)) writeFileSync(`/proc/${one}/clear_refs`, '5')
}

/** User and system time of processes, their living children, and those that they waited for. */
function cpuSeconds(pids: readonly number[]): number {
  return sum(pids.flatMap(tree), ticks) / TICKS_PER_SECOND
}

function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the name, in parentheses, may hold anything; utime, stime, cutime, cstime are fields 14 to 17
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return sum(fields.slice(11, 15), Number)
}

function memory(pid: number, field: string): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))
  return Number(line?.[1] ?? 0) * KIB
}

function tree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => tree(Number(child))))]
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
