import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../support/clocks/until.ts'
import type { Random } from '../../support/random.ts'
import { accountOf, unindexed } from './kill-account.ts'
import { KillClinic, type ProgramName } from './kill-clinic.ts'
import { LoadingDevice } from './kill-device.ts'
import { countCalls, type KillPoint, killFlags, killPoints } from './kill-points.ts'
import { Strace } from './kill-strace.ts'

const KIB = 1024
const THROUGH_MS = 30_000

/** Everything happens soon, in many small steps: several packs a study, several chunks a pack, files removed after a second. */
export const SWEPT_SETTINGS = {
  study: { quietMs: 100 },
  send: { packBytes: 64 * KIB, packMembers: 500, chunkBytes: 256 * KIB, uploads: 2 },
  retention: { confirmedMs: 1000, atLeastMs: 1000 },
}
export const HURRIED = ['--import', join(import.meta.dirname, 'kill-hurried-clock.mjs')]

export interface Sweep {
  tried: number
  killed: Map<string, number>
  acknowledged: number
  /** Points after which something was wrong, with what. */
  bad: string[]
}

/**
 * Kills one of the two programs at one system call after the other while a load goes all the way, until it has died so
 * often; after each death it is started plainly, and everything must come right. Deaths are counted, not attempts.
 */
export async function sweep(program: ProgramName, deaths: number, random: Random): Promise<Sweep> {
  await using clinic = await KillClinic.open(SWEPT_SETTINGS, { nodeFlags: HURRIED })
  const device = new LoadingDevice()
  await device.sendLoad(clinic.portOf('agent'))
  const counts = await countCalls(clinic, program, device, () => allThrough(clinic))
  const result: Sweep = { tried: 0, killed: new Map(), acknowledged: 0, bad: [] }
  let died = 0
  for (const point of killPoints(program, counts, random)) {
    if (died >= deaths || result.tried >= 2 * deaths + 5) break
    result.tried++
    const before = device.acknowledged.length
    if (!(await diesAt(clinic, device, point, random))) continue
    died++
    result.killed.set(point.call, (result.killed.get(point.call) ?? 0) + 1)
    const acknowledged = device.acknowledged.slice(before)
    const wrong = await startAndCompare(clinic, program, acknowledged)
    if (wrong.length > 0) result.bad.push(`${nameOf(point)}: ${wrong.join('; ')}`)
  }
  result.bad.push(...(await accountOf(clinic, device.acknowledged)))
  result.acknowledged = device.acknowledged.length
  return result
}

/** Starts the program again and returns in words all that is wrong then. */
export async function startAndCompare(
  clinic: KillClinic,
  program: ProgramName,
  acknowledged: LoadingDevice['acknowledged'],
  limitMs?: number,
): Promise<string[]> {
  await clinic.start(program, program === 'agent' ? { nodeFlags: HURRIED } : {})
  const atStart = unindexed(clinic.dataFolder, acknowledged).map((words) => `at start: ${words}`)
  return [...atStart, ...(await accountOf(clinic, acknowledged, limitMs))]
}

/** Waits until nothing is on its way any more. */
export async function allThrough(clinic: KillClinic): Promise<void> {
  await until(
    () => clinic.deliveries(),
    ({ queued, sending, delivered }) => queued + sending + delivered === 0,
    THROUGH_MS,
  )
}

/** True if the program died of the point; where it did not, it runs on plainly. */
async function diesAt(
  clinic: KillClinic,
  device: LoadingDevice,
  point: KillPoint,
  random: Random,
): Promise<boolean> {
  return point.isAtStart ? diesStarting(clinic, device, point, random) : diesRunning(clinic, device, point)
}

async function diesRunning(clinic: KillClinic, device: LoadingDevice, point: KillPoint): Promise<boolean> {
  const { program } = point
  const gone = clinic.gone(program)
  const strace = await Strace.attach(clinic.pidOf(program), join(clinic.folder, 'trace'), killFlags(point))
  const load = device.sendLoad(clinic.portOf('agent'))
  await Promise.race([gone, load.then(() => throughOrGone(clinic, program))])
  await load
  await strace[Symbol.asyncDispose]()
  // It may have died at the very last moment, and the news be on its way.
  await Promise.race([gone, pause(100)])
  return clinic.isGone(program)
}

async function throughOrGone(clinic: KillClinic, program: ProgramName): Promise<void> {
  await until(
    async () => clinic.isGone(program) || (await clinic.deliveries().then(isThrough, () => false)),
    (isOver) => isOver,
    THROUGH_MS,
  )
}

const isThrough = ({ queued, sending, delivered }: Awaited<ReturnType<KillClinic['deliveries']>>): boolean =>
  queued + sending + delivered === 0

/** Dies at any moment of a load, and then once more as it starts. */
async function diesStarting(
  clinic: KillClinic,
  device: LoadingDevice,
  point: KillPoint,
  random: Random,
): Promise<boolean> {
  const load = device.sendLoad(clinic.portOf('agent'))
  // The moment of a kill is drawn by chance; nothing is waited for.
  await pause(random.between(20, 600))
  await clinic.kill(point.program)
  await load
  const flags = killFlags(point).flatMap((expression) => ['-e', expression])
  const wrapper = ['strace', '-f', '-qq', '-o', join(clinic.folder, 'trace'), ...flags]
  const nodeFlags = point.program === 'agent' ? HURRIED : []
  try {
    await clinic.start(point.program, { wrapper, nodeFlags })
  } catch {
    return true
  }
  await clinic.kill(point.program)
  await clinic.start(point.program, { nodeFlags })
  return false
}

function nameOf({ program, call, when, isAtStart }: KillPoint): string {
  return `${program} at ${call} ${when}${isAtStart ? ' after its start' : ''}`
}
