import { newTestImage } from '../../dicom/edit/test-image.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import type { StoreAnswer } from '../../dimse/association/association.ts'
import { Failure } from '../../platform/failure.ts'
import type { InstanceDesk } from '../arrival/storage-service.ts'

/**
 * Takes a test image in as if a device had sent it: from here on its way is that of every image. Returns its Study
 * Instance UID. Throws STORE_REFUSED if it is not accepted.
 */
export async function takeTestImage(desk: InstanceDesk, aeTitle: string, nowMs: number): Promise<string> {
  const { dataSet, studyInstanceUid, ...image } = newTestImage(nowMs)
  const association = {
    callingAeTitle: 'FERRY',
    calledAeTitle: aeTitle,
    peerAddress: '127.0.0.1',
    peerPort: 0,
    contexts: [],
  }
  const sink = desk.open({ ...image, association, messageId: 1 }, undefined)
  await sink.push(dataSet)
  const answer = await sink.finish()
  if (answer.status !== STORAGE_STATUS.Success) throw refused(answer)
  return studyInstanceUid
}

function refused({ status, errorComment }: StoreAnswer): Failure {
  const found = errorComment ?? status.toString(16).padStart(4, '0').toUpperCase()
  return new Failure('STORE_REFUSED', `taking a test image: ${found}`)
}
