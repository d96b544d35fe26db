/** Reasons why a file is not sent. */
export type NotSentReason =
  | 'badHeader'
  | 'cutShort'
  | 'directory'
  | 'empty'
  | 'link'
  | 'missing'
  | 'noDataSet'
  | 'noSopClass'
  | 'noSopInstance'
  | 'noSyntax'
  | 'notAFile'
  | 'notDicom'
  | 'same'
  | 'unreadable'

/** A folder such as a CD's holds such files beside instances; they are named, and no instance is missing for them. */
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
