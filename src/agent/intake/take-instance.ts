import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Device } from '../arrival/device-list.ts'
import type { IntakeResult } from './intake.ts'
import type { IntakeDesk } from './intake-desk.ts'

/** An instance that no association brings: from a file, or made here. */
export interface OfferedInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  /** The transfer syntax of the data set. */
  readonly transferSyntaxUid: string
  /** Recorded in its envelope in place of a device's. */
  readonly callingAeTitle: string
  readonly calledAeTitle: string
}

/**
 * Takes an instance in as if a device had sent it: from here on its way is that of every image. A result with status 0000
 * means safe, as for C-STORE. `device`: the listed device whose settings and routes apply. Rejects with the error of
 * `dataSet` if that breaks off; nothing of the instance is kept then.
 */
export async function takeInstance(
  desk: IntakeDesk,
  { callingAeTitle, calledAeTitle, ...instance }: OfferedInstance,
  dataSet: AsyncIterable<Buffer>,
  device?: Device,
): Promise<IntakeResult> {
  const association = { callingAeTitle, calledAeTitle, peerAddress: '127.0.0.1', peerPort: 0, contexts: [] }
  const intake = desk.open({ ...instance, association, messageId: 1 }, device)
  let isRefused = false
  try {
    for await (const piece of dataSet) {
      // The rest is read and dropped: the result says why.
      if (!isRefused) isRefused = !(await isTaken(intake.push(piece)))
    }
  } catch (error) {
    intake.discard(failureFrom(error, 'ASSOCIATION_ABORTED', 'reading an instance'))
    throw error
  }
  await intake.finish()
  if (intake.result === undefined) throw new Failure('INTERNAL', 'taking an instance: it has no result')
  return intake.result
}

async function isTaken(pushed: Promise<void> | undefined): Promise<boolean> {
  try {
    await pushed
    return true
  } catch {
    return false
  }
}
