import type { StoreAnswer } from '../../../src/dimse/association/association.ts'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../../src/platform/clock.ts'

export interface RawInstance {
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
  dataSet: Buffer
}

/** Sends instances byte for byte over one association, one context for each pair of SOP class and transfer syntax. */
export async function sendInstances(
  port: number,
  instances: readonly RawInstance[],
  callingAeTitle = 'CT1',
): Promise<StoreAnswer[]> {
  const pairs = new Map(instances.map((it) => [`${it.sopClassUid} ${it.transferSyntaxUid}`, it]))
  const contexts = Array.from(pairs.values(), ({ sopClassUid, transferSyntaxUid }) => ({
    abstractSyntaxUid: sopClassUid,
    transferSyntaxUids: [transferSyntaxUid],
  }))
  const association = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle,
    calledAeTitle: 'FERRY',
    contexts,
    clock: systemClock,
  })
  const answers: StoreAnswer[] = []
  for (const instance of instances) {
    answers.push(await association.store({ ...instance, dataSet: chunks(instance.dataSet) }))
  }
  await association.release()
  return answers
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}
