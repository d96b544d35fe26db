/** Reasons why the content of a file is not an instance. */
export type NotInstanceReason =
  | 'badHeader'
  | 'cutShort'
  | 'directory'
  | 'empty'
  | 'noDataSet'
  | 'noSopClass'
  | 'noSopInstance'
  | 'noSyntax'
  | 'notDicom'

/** The content of a file that is not an instance, and why. */
export class NotInstance extends Error {
  readonly reason: NotInstanceReason

  constructor(reason: NotInstanceReason) {
    super(reason)
    this.reason = reason
  }
}
