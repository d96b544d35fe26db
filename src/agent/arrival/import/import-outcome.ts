import type { FiledInstance } from '../../../dicom/file/read-instance.ts'
import type { MediaKind } from '../../../media/recognize.ts'
import type { FileProblem } from './file-problem.ts'

/**
 * The fate of one file. The first four are safe, as after Success of C-STORE: taken; known (exactly these bytes were here
 * before); odd (taken, with findings); held (taken, not sent until a person releases it). refused: by the agent. unread: no
 * instance could be read where there may be one. notDicom: another kind of file. leftOut: nothing is missing because of it.
 */
export const OUTCOME_KINDS = [
  'taken',
  'known',
  'odd',
  'held',
  'refused',
  'unread',
  'notDicom',
  'leftOut',
] as const

export type OutcomeKind = (typeof OUTCOME_KINDS)[number]

/** One file of an import, or one record of a DICOMDIR without a file. */
export interface ImportOutcome {
  readonly path: string
  readonly isNamed: boolean
  readonly kind: OutcomeKind
  readonly sopInstanceUid?: string
  /** By the names of src/dicom/check/check-findings.ts. */
  readonly findings?: readonly string[]
  /** Set if file meta header and data set differ. */
  readonly differing?: Pick<FiledInstance, 'headerBytes' | 'transferSyntaxUid' | 'differences'>
  /** True if the file is on a medium whose DICOMDIR does not name it. */
  readonly isUnlisted?: true
  /** The agent's reason for a refusal. */
  readonly refusal?: { readonly code: string; readonly reason: string }
  /** The reason if it is unread, left out or not DICOM. */
  readonly problem?: FileProblem
  /** The kind of a file that is not DICOM, if a watched folder takes it. */
  readonly mediaKind?: MediaKind
}

/** Returns true if an instance may be missing at the end because of this file. */
export function isFailure({ kind, isNamed, problem }: ImportOutcome): boolean {
  if (kind === 'refused' || kind === 'unread') return true
  if (problem?.reason === 'same') return false
  return isNamed && (kind === 'notDicom' || kind === 'leftOut')
}
