import { createHmac } from 'node:crypto'
import type { SweptFile } from './sweep.ts'

/**
 * Size and times of a file as text: if it differs, the file may be another one. On this machine the time of the last change
 * of the inode counts, which no program can set: a file that is written again within one tick of its times is noticed. Shares
 * of other machines invent inodes, so size and time of writing must do there.
 */
export function lookOf({ stats }: SweptFile, isNetwork: boolean): string {
  const { size, mtimeNs, ctimeNs, ino } = stats
  return isNetwork ? `${size}:${mtimeNs}` : `${size}:${mtimeNs}:${ino}:${ctimeNs}`
}

/** True if both looks are of one content, moved or not: a rename changes the time of the inode. */
export function isSameContent(a: string, b: string): boolean {
  return contentOf(a) === contentOf(b)
}

const contentOf = (look: string): string => look.split(':', 3).join(':')

/** The digest by which the ledger knows a path. Without the secret it cannot be tried on names of patients. */
export function pathKeyOf(secret: Buffer, folder: string, path: Buffer): Buffer {
  return createHmac('sha256', secret).update('path\0').update(folder).update('\0').update(path).digest()
}
