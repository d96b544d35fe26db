import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../../src/dimse/scu/requested-association.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { soundInstance } from '../../support/instances/invented-instance.ts'
import { newUid } from '../../support/instances/sealed-instance.ts'
import { dataPdu, pdv, RawAssociation, storeCommand } from '../../support/peers/raw-association.ts'
import { type RawInstance } from '../../support/peers/send-instances.ts'

const KIB = 1024

/** One instance that a device has read Success for. */
export interface Acknowledged {
  readonly sopInstanceUid: string
  /** Undefined where the device may have written the data set in another way than the file that it read. */
  readonly dataSetSha256: string | undefined
}

/**
 * Devices that send a small load over several associations at once: small and larger instances, one that comes twice, one
 * that comes with other bytes, one that breaks off. Instances without Success are sent again with the next load.
 */
export class LoadingDevice {
  /** Each once, from the moment in which Success was read. */
  readonly acknowledged: Acknowledged[] = []
  #unanswered: RawInstance[] = []

  /** Resolves when all was sent or the line has broken; never rejects. */
  async sendLoad(port: number): Promise<void> {
    const first = { studyInstanceUid: newUid(), seriesInstanceUid: newUid(), sopInstanceUid: newUid() }
    const { studyInstanceUid, seriesInstanceUid } = first
    const original = soundInstance(3 * KIB, first)
    const large = soundInstance(60 * KIB, { studyInstanceUid, seriesInstanceUid })
    const otherBytes = soundInstance(2 * KIB, first)
    const second = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
    const again = this.#unanswered
    this.#unanswered = []
    await Promise.all([
      this.#sendOver(port, [original, large, original, otherBytes]),
      this.#sendOver(port, [soundInstance(700 * KIB, second), soundInstance(30 * KIB, second)]),
      this.#sendOver(port, again),
      breakOff(port),
    ])
  }

  /** Over one association, which may break at any moment. */
  async #sendOver(port: number, instances: readonly RawInstance[]): Promise<void> {
    const left = [...instances]
    try {
      const association = left.length === 0 ? undefined : await associate(port)
      for (let next = left[0]; next !== undefined; next = left[0]) {
        const { status } = (await association?.store({ ...next, dataSet: whole(next.dataSet) })) ?? {}
        if (status !== 0) break
        this.#acknowledge(next)
        left.shift()
      }
      await association?.release()
    } catch {
      // The other side has died, which is what the test is about.
    }
    this.#unanswered.push(...left)
  }

  #acknowledge({ sopInstanceUid, dataSet }: RawInstance): void {
    const dataSetSha256 = sha256(dataSet)
    if (this.acknowledged.some((one) => one.dataSetSha256 === dataSetSha256)) return
    this.acknowledged.push({ sopInstanceUid, dataSetSha256 })
  }
}

function associate(port: number): Promise<RequestedAssociation> {
  const { sopClassUid, transferSyntaxUid } = soundInstance(0)
  return openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [{ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] }],
    clock: systemClock,
  })
}

/** Begins an instance, and is gone before its end. */
export async function breakOff(port: number): Promise<void> {
  try {
    const raw = await RawAssociation.open(port)
    const { sopInstanceUid: sopInstance, dataSet } = soundInstance(8 * KIB)
    await raw.send(
      dataPdu(pdv(1, 3, storeCommand({ sopInstance }))),
      dataPdu(pdv(1, 0, dataSet.subarray(0, 6 * KIB))),
    )
    raw.reset()
  } catch {
    // As above.
  }
}

async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
