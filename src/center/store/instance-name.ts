import { createHash } from 'node:crypto'
import { isUid, trimUid } from '../../dicom/vocabulary/uid.ts'

/**
 * A UID as a file or folder name. A text that is not a UID (it came from a device, and may be `../x`, `CON` or 4 KiB of
 * anything) is replaced by its digest: it cannot leave the folder, nor collide with another name.
 */
export function safeName(uid: string): string {
  const trimmed = trimUid(uid)
  return isUid(trimmed) ? trimmed : `x-${createHash('sha256').update(uid, 'utf8').digest('hex')}`
}
