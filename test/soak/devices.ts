import { setTimeout as sleep } from 'node:timers/promises'
import type { DevicePlan } from './device-plan.ts'
import { sendWithOwnScu } from './own-scu.ts'
import type { Device, SendBatchOptions } from './send-batch.ts'
import type { Recipe } from './soak-instance.ts'
import { offersAll, sendWithStorescu } from './storescu.ts'

interface SoakDeviceOptions extends SendBatchOptions {
  readonly plan: DevicePlan
  readonly hasStorescu: boolean
  /** Rate of this one device, on average. */
  readonly instancesPerSecond: number
}

export interface DeviceEnd {
  readonly associations: number
  readonly brokenOff: number
  /** How many of those were sent with DCMTK's storescu. */
  readonly withStorescu: number
  /** Instances for which it never got a Success, though it tried to the end. */
  readonly stillWaiting: number
}

const AGAIN_MS = 1_000

/**
 * One device: sends a batch, waits, sends the next, until `ending`; then it only finishes what it has begun, until
 * `over`. Some associations break off in the middle. It tries again until everything is acknowledged, but for the times
 * when its operator walks away.
 */
export async function runDevice(
  device: Device,
  options: SoakDeviceOptions,
  ending: AbortSignal,
  over: AbortSignal,
): Promise<DeviceEnd> {
  const { random } = device
  const { plan, instancesPerSecond } = options
  const end = { associations: 0, brokenOff: 0, withStorescu: 0, stillWaiting: 0 }
  for (;;) {
    const batch = new Set(plan.nextBatch())
    const pauseMs = random.pauseMs((1000 * batch.size) / instancesPerSecond)
    await sleep(pauseMs, undefined, { signal: ending }).catch(() => {})
    if (ending.aborted) return end
    let breaksOff = random.chance(0.15)
    const walksAway = breaksOff && random.chance(0.3)
    while (batch.size > 0) {
      if (over.aborted) return { ...end, stillWaiting: batch.size }
      const isWhole = await sendOnce(device, batch, options, breaksOff, end)
      if (!isWhole && walksAway) break
      breaksOff = false
      if (!isWhole) await sleep(AGAIN_MS, undefined, { signal: over }).catch(() => {})
    }
  }
}

/** False where the association broke off. */
async function sendOnce(
  device: Device,
  batch: Set<Recipe>,
  options: SoakDeviceOptions,
  breaksOff: boolean,
  counts: { associations: number; brokenOff: number; withStorescu: number },
): Promise<boolean> {
  const isWithStorescu = options.hasStorescu && device.random.chance(0.2) && offersAll(batch)
  const send = isWithStorescu ? sendWithStorescu : sendWithOwnScu
  counts.associations++
  if (isWithStorescu) counts.withStorescu++
  try {
    const before = batch.size
    await send(device, batch, options, breaksOff)
    return batch.size < before
  } catch {
    counts.brokenOff++
    return false
  }
}
