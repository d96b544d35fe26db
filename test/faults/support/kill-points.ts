import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../support/random.ts'
import type { KillClinic, ProgramName } from './kill-clinic.ts'
import type { LoadingDevice } from './kill-device.ts'
import { Strace } from './kill-strace.ts'

/**
 * The calls between which state on the disk differs. SQLite writes by pwrite64, syncs by fdatasync and fsync; instances and
 * packs are written with writev, write and pwrite64; sockets with write and writev too.
 */
const CALLS = [
  'fdatasync',
  'fsync',
  'write',
  'writev',
  'pwrite64',
  'unlink',
  'ftruncate',
  'openat',
  'mkdir',
] as const

/** The program dies as one of its threads is about to make this system call for the `when`-th time. */
export interface KillPoint {
  readonly program: ProgramName
  readonly call: string
  readonly when: number
  /** Counted from the start of the process on, so that it may die while it recovers from its death before. */
  readonly isAtStart: boolean
}

/** How often at most one thread of a program made each call. */
type CallCounts = ReadonlyMap<string, number>

/** Counts the calls of a running program while one load goes all the way. */
export async function countCalls(
  clinic: KillClinic,
  program: ProgramName,
  device: LoadingDevice,
  allThrough: () => Promise<unknown>,
): Promise<CallCounts> {
  const trace = join(clinic.folder, 'calls')
  await using stack = new AsyncDisposableStack()
  stack.use(await Strace.attach(clinic.pidOf(program), trace, [`trace=${CALLS.join(',')}`]))
  await device.sendLoad(clinic.portOf('agent'))
  await allThrough()
  return countsIn(readFileSync(trace, 'latin1'))
}

function countsIn(trace: string): CallCounts {
  const counts = new Map<string, number>()
  const most = new Map<string, number>()
  for (const [, thread = '', call = ''] of trace.matchAll(/^(\d+) +(\w+)\(/gm)) {
    const count = (counts.get(`${thread} ${call}`) ?? 0) + 1
    counts.set(`${thread} ${call}`, count)
    most.set(call, Math.max(count, most.get(call) ?? 0))
  }
  return most
}

/** Endless points: the calls take turns, and of each call every stretch of its count comes before any comes again. */
export function* killPoints(program: ProgramName, counts: CallCounts, random: Random): Generator<KillPoint> {
  const calls = CALLS.filter((call) => counts.has(call))
  const first = random.between(0, calls.length - 1)
  for (let turn = random.between(0, 999); ; turn++) {
    for (let i = 0; i < calls.length; i++) {
      const call = calls[(first + i) % calls.length] ?? 'write'
      const isAtStart = CALLS_AT_START.has(call) && random.between(0, AT_START_EACH - 1) === 0
      const most = isAtStart ? MOST_AT_START : Math.ceil(MOSTLY_REACHED * (counts.get(call) ?? 1))
      yield { program, call, when: 1 + spread(turn, most, random), isAtStart }
    }
  }
}

/** Threads share the work in another way each time, so that the busiest one seldom does as much again. */
const MOSTLY_REACHED = 0.75

/** One in AT_START_EACH points of these calls counts from the start of the process on. */
const CALLS_AT_START: ReadonlySet<string> = new Set(['fdatasync', 'fsync', 'pwrite64', 'unlink', 'ftruncate'])
const AT_START_EACH = 8
/** The largest count of a call that a start makes: it opens and recovers the database, the spool, the sockets. */
const MOST_AT_START = 4

/** From 0 to below `end`: the van der Corput sequence in base 2, moved a little by chance. */
function spread(turn: number, end: number, random: Random): number {
  let place = 0
  for (let [rest, weight] = [turn, 0.5]; rest > 0; rest >>= 1, weight /= 2) place += (rest & 1) * weight
  const moved = place + random.between(0, 999) / 1000 / Math.max(1, end)
  return Math.floor((moved % 1) * end)
}

/** Flags of strace that make it kill at the point. */
export function killFlags({ call, when }: KillPoint): string[] {
  return [`trace=${call}`, `inject=${call}:signal=SIGKILL:when=${when}`]
}
