import { NotInstance, type NotInstanceReason } from '../../../dicom/file/not-instance.ts'
import { describe } from '../../../platform/failure.ts'

/** Reasons why no instance comes from a file. */
export type FileProblemReason =
  | NotInstanceReason
  | 'badDirectory'
  | 'link'
  | 'linkLeft'
  | 'missing'
  | 'nestedZip'
  | 'noFile'
  | 'notAFile'
  | 'otherArchive'
  | 'outsideDisc'
  | 'same'
  | 'unreadable'
  | 'zipBytes'
  | 'zipDamaged'
  | 'zipEncrypted'
  | 'zipEntries'
  | 'zipMethod'
  | 'zipName'
  | 'zipRatio'
  | 'zipSplit'

/**
 * A folder such as a CD's contains such files in addition to instances; they are listed, and no instance is missing
 * because of them.
 */
const EXPECTED: ReadonlySet<FileProblemReason> = new Set([
  'directory',
  'empty',
  'notAFile',
  'notDicom',
  'same',
])

export const isExpected = (reason: FileProblemReason): boolean => EXPECTED.has(reason)

/** A file from which no instance comes, and why. */
export class FileProblem extends Error {
  readonly reason: FileProblemReason
  /** By reason: the words of the operating system, the path of the same file, a limit, or the kind of the file. */
  readonly detail: string

  constructor(reason: FileProblemReason, detail = '', options?: { cause?: unknown }) {
    super(reason, options)
    this.reason = reason
    this.detail = detail
  }
}

/** Converts an error of a file's content or of its source; a FileProblem is returned unchanged. */
export function fileProblem(error: unknown): FileProblem {
  if (error instanceof FileProblem) return error
  if (error instanceof NotInstance) return new FileProblem(error.reason)
  return new FileProblem('unreadable', describe(error), { cause: error })
}
