import { SOP_CLASS_NAMES } from './sop-class-table.ts'

/** Verification, the one class of this module that is not a storage class (PS3.4 Annex A). */
export const VERIFICATION_SOP_CLASS_UID = '1.2.840.10008.1.1'

const STANDARD_ROOT = '1.2.840.10008.'
const STORAGE_ROOT = '1.2.840.10008.5.1.4.1.1.'

/** Query, retrieve and creation services that the standard numbered among the storage classes (PS3.6 Table A-1). */
const SERVICES_UNDER_STORAGE_ROOT = new Set([
  '1.2.840.10008.5.1.4.1.1.200.4', // Protocol Approval Information Model - FIND
  '1.2.840.10008.5.1.4.1.1.200.5', // - MOVE
  '1.2.840.10008.5.1.4.1.1.200.6', // - GET
  '1.2.840.10008.5.1.4.1.1.201.2', // Inventory - FIND
  '1.2.840.10008.5.1.4.1.1.201.3', // - MOVE
  '1.2.840.10008.5.1.4.1.1.201.4', // - GET
  '1.2.840.10008.5.1.4.1.1.201.5', // Inventory Creation
  '1.2.840.10008.5.1.4.1.1.201.6', // Repository Query
])

/** A DICOMDIR indexes the other files of a disc; it is not an instance that could be sent (PS3.4 §I.4). */
export const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'

/**
 * True for a SOP class whose instances are stored: those of the standard, retired and future ones included, and every
 * class outside it, even one whose name is not a UID. A private class can only be guessed, and refusing an image is worse
 * than accepting another object.
 */
export function isStorageSopClass(uid: string): boolean {
  if (!uid.startsWith(STANDARD_ROOT)) return uid !== ''
  if (uid === MEDIA_STORAGE_DIRECTORY) return false
  if (SERVICES_UNDER_STORAGE_ROOT.has(uid)) return false
  return uid.startsWith(STORAGE_ROOT) || SOP_CLASS_NAMES.has(uid)
}

/** The standard's name of a storage SOP class; undefined for a private, retired or newer one. */
export function sopClassName(uid: string): string | undefined {
  return SOP_CLASS_NAMES.get(uid)
}
