import { newTestImage } from '../../dicom/edit/test-image.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { Failure } from '../../platform/failure.ts'
import type { IntakeDesk } from './intake-desk.ts'
import { takeInstance } from './take-instance.ts'

/** Takes a test image in. Returns its Study Instance UID. Throws STORE_REFUSED if it is not accepted. */
export async function takeTestImage(desk: IntakeDesk, aeTitle: string, nowMs: number): Promise<string> {
  const { dataSet, studyInstanceUid, ...image } = newTestImage(nowMs)
  const offered = { ...image, callingAeTitle: 'FERRY', calledAeTitle: aeTitle }
  const { status, failure } = await takeInstance(desk, offered, whole(dataSet))
  if (status !== STORAGE_STATUS.Success)
    throw new Failure('STORE_REFUSED', `taking a test image: ${failure?.code ?? 'no reason'}`)
  return studyInstanceUid
}

// biome-ignore lint/suspicious/useAwait: the bytes are here already
async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
