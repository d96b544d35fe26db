import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ballastBytes } from '../../platform/ballast.ts'
import { explainAccess } from '../../platform/explain-access.ts'
import { failureFrom } from '../../platform/failure.ts'
import { isFolderLocked } from '../../platform/folder-lock.ts'
import type { ReceivedHeartbeat } from '../register/condition-register.ts'
import type { Agent } from '../register/register.ts'
import type { UploadLimits } from '../uploads/upload-limits.ts'
import type { AlarmTimes, CenterState, Condition, DiskState } from './condition.ts'
import { conditionsOf } from './conditions.ts'
import { type CenterStatus, type DeskOptions, OperatorDesk } from './operator.ts'

export type ObservedLimits = Pick<UploadLimits, 'reserveBytes' | 'ballastBytes'>

interface ObserveOptions extends DeskOptions {
  readonly limits: ObservedLimits
  readonly alarms: AlarmTimes
}

export interface CenterObservation {
  readonly now: number
  readonly isRunning: boolean
  readonly disks: readonly DiskState[]
  readonly conditions: readonly Condition[]
  readonly agents: readonly Agent[]
  /** The newest report of each agent about itself. */
  readonly heartbeats: readonly ReceivedHeartbeat[]
  /** Undefined if the register cannot be read. */
  readonly figures: CenterStatus | undefined
}

/** Observes the state of a center from outside its process. An unreadable register is one of the results. */
export async function observeCenter(options: ObserveOptions): Promise<CenterObservation> {
  const { folder, limits, alarms, clock } = options
  const isRunning = isFolderLocked(folder)
  const { figures, register } = await readRegister(options)
  const now = clock.now()
  const state = { now, isRunning, folder, ...(await diskState(folder, limits)), register }
  const { agents, heartbeats } = 'unreadable' in register ? { agents: [], heartbeats: [] } : register
  const conditions = conditionsOf(state, alarms)
  return { now, isRunning, disks: state.disks, conditions, agents, heartbeats, figures }
}

/** The part of a center's state that its disks tell. */
export async function diskState(
  folder: string,
  { reserveBytes, ballastBytes: wantedBytes }: ObservedLimits,
): Promise<Pick<CenterState, 'disks' | 'reserveBytes' | 'ballast'>> {
  return { disks: await disksOf(folder), reserveBytes, ballast: { wantedBytes, bytes: ballastBytes(folder) } }
}

async function readRegister(
  options: DeskOptions,
): Promise<{ figures: CenterStatus | undefined; register: CenterState['register'] }> {
  try {
    using desk = await OperatorDesk.open(options)
    return { figures: await desk.status(), register: await desk.registerState() }
  } catch (error) {
    const failure = explainAccess(failureFrom(error, 'INTERNAL', 'reading the register'))
    const { code, message } = failure
    return { figures: undefined, register: { unreadable: `${code}: ${message.replaceAll('\n', '; ')}` } }
  }
}

/** Packs and instances may each be on their own disk. */
async function disksOf(folder: string): Promise<DiskState[]> {
  const disks = new Map<number, DiskState>()
  for (const path of [folder, join(folder, 'packs'), join(folder, 'instances')]) {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || disks.has(found.dev)) continue
    const { bavail, bsize } = await statfs(path)
    disks.set(found.dev, { folder: path, freeBytes: bavail * bsize })
  }
  return [...disks.values()]
}
