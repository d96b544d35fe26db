import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Spool } from '../../../src/agent/queue/spool/spool.ts'
import { encodeEnvelope, encodeTrailer } from '../../../src/protocol/spool-file.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'
import { newUid } from './sealed-instance.ts'

const IN_A_STUDY = 200
const EVERY_MS = 100

/**
 * Fills a spool with whole spool files, quickly: each with an envelope and a trailer of its own around the same body,
 * which no one could open. They arrived one after the other, ten in a second, the last just before `untilMs`.
 */
export function fillSpool(spool: Spool, count: number, untilMs: number): void {
  const body = randomBytes(2000)
  const dataSetSha256 = createHash('sha256').update(body).digest('hex')
  let studyInstanceUid = ''
  for (let i = 0; i < count; i++) {
    if (i % IN_A_STUDY === 0) studyInstanceUid = newUid()
    const arrivedMs = untilMs - (count - i) * EVERY_MS
    const ulid = newUlid(arrivedMs)
    const head = encodeEnvelope({
      ulid,
      arrivedAt: new Date(arrivedMs).toISOString(),
      listener: 'main',
      callingAeTitle: 'CT1',
      calledAeTitle: 'FERRY',
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: newUid(),
      studyInstanceUid,
      seriesInstanceUid: newUid(),
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      part10HeaderBytes: 300,
      policy: 'identified',
    })
    const sealed = Buffer.concat([head, body])
    const trailer = encodeTrailer({
      dataSetBytes: body.length,
      dataSetSha256,
      sealedBytes: sealed.length,
      sealedSha256: createHash('sha256').update(sealed).digest('hex'),
    })
    writeFileSync(spool.placeOf(ulid).path, Buffer.concat([sealed, trailer]), { mode: 0o600, flag: 'wx' })
  }
}
