import type { NotInstanceReason } from '../../dicom/file/not-instance.ts'

/** Reasons why a file is not sent. */
export type NotSentReason = NotInstanceReason | 'link' | 'missing' | 'notAFile' | 'same' | 'unreadable'

/**
 * A folder such as a CD's contains such files in addition to instances; they are listed, and no instance is missing
 * because of them.
 */
const EXPECTED: ReadonlySet<NotSentReason> = new Set(['directory', 'empty', 'notAFile', 'notDicom', 'same'])

export const isExpected = (reason: NotSentReason): boolean => EXPECTED.has(reason)

/** A file that is not sent, and why. */
export class NotSent extends Error {
  readonly reason: NotSentReason
  /** The words of the operating system, or the path of the same file. */
  readonly detail: string

  constructor(reason: NotSentReason, detail = '') {
    super(reason)
    this.reason = reason
    this.detail = detail
  }
}
