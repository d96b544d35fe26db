import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { prepare, type SendBatch } from './send-batch.ts'

const CHUNK_BYTES = 65_536

/** Ferry's own SCU, byte for byte; it breaks off by an A-ABORT in the middle of a data set. */
export const sendWithOwnScu: SendBatch = async ({ aeTitle, random }, batch, means, breaksOff) => {
  const pairs = new Map(Array.from(batch, (it) => [`${it.sopClassUid} ${it.transferSyntaxUid}`, it]))
  const association = await openAssociation({
    host: '127.0.0.1',
    port: means.port,
    callingAeTitle: aeTitle,
    calledAeTitle: 'FERRY',
    contexts: Array.from(pairs.values(), ({ sopClassUid, transferSyntaxUid }) => ({
      abstractSyntaxUid: sopClassUid,
      transferSyntaxUids: [transferSyntaxUid],
    })),
    clock: systemClock,
  })
  try {
    let untilBreak = breaksOff ? random.between(1, batch.size) : 0
    for (const recipe of Array.from(batch)) {
      const { instance, version } = prepare(recipe, means)
      const end = --untilBreak === 0 ? random.between(0, instance.dataSet.length - 1) : undefined
      const { status } = await association.store({ ...instance, dataSet: chunks(instance.dataSet, end) })
      if (status !== 0) continue
      means.sent.acknowledged(version)
      batch.delete(recipe)
    }
    await association.release()
  } finally {
    association.abort()
  }
}

/** Sends all of it, or this many bytes and then no more. */
async function* chunks(bytes: Buffer, end = bytes.length): AsyncGenerator<Buffer> {
  for (let at = 0; at < end; at += CHUNK_BYTES) yield bytes.subarray(at, Math.min(end, at + CHUNK_BYTES))
  if (end < bytes.length) throw new Error('the device was switched off')
}
