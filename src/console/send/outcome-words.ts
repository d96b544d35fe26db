import type { Difference, FiledInstance } from '../../dicom/file/read-instance.ts'
import { sopClassName } from '../../dicom/vocabulary/sop-class.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { transferSyntaxName } from '../../dicom/vocabulary/transfer-syntax.ts'
import type { Phrase } from '../language/en/phrases-en.ts'
import type { Say } from '../language/language.ts'
import type { FileOutcome } from './send-files.ts'

const FIELDS = {
  sopClassUid: 'SOP Class UID',
  sopInstanceUid: 'SOP Instance UID',
  transferSyntaxUid: 'Transfer Syntax UID',
} as const

/** Describes the result for a file, without its name; empty if it was stored without a remark. */
export function resultWords({ result, file }: FileOutcome, say: Say): string {
  switch (result.kind) {
    case 'answered':
      return result.status === STORAGE_STATUS.Success ? '' : statusWords(result.status, result.comment, say)
    case 'notAccepted':
      return say('send.notAccepted', named(file))
    case 'failed':
      return result.words
    case 'notSent':
      return say(`file.not.${result.reason}`, { detail: result.detail })
  }
}

const PHRASES = {
  send: {
    noHeader: 'send.noHeader',
    headerLacks: 'send.headerLacks',
    dataSetLacks: 'send.dataSetLacks',
    differs: 'send.differs',
  },
  import: {
    noHeader: 'import.noHeader',
    headerLacks: 'import.headerLacks',
    dataSetLacks: 'import.dataSetLacks',
    differs: 'import.differs',
  },
} as const

/** Describes the differences between file meta header and data set, in one sentence each. */
export function differenceWords(
  { headerBytes, transferSyntaxUid, differences }: FileDifferences,
  say: Say,
  done: 'send' | 'import',
): string[] {
  if (headerBytes === 0) return [say(PHRASES[done].noHeader, { syntax: syntaxName(transferSyntaxUid) })]
  return differences.map((one) => differenceText(one, say, done))
}

/** The part of an instance's file that is compared. */
type FileDifferences = Pick<FiledInstance, 'headerBytes' | 'transferSyntaxUid' | 'differences'>

function differenceText(
  { field, header, dataSet, sent }: Difference,
  say: Say,
  done: 'send' | 'import',
): string {
  const values = { field: FIELDS[field], header, dataSet, sent }
  if (header === '') return say(PHRASES[done].headerLacks, values)
  return dataSet === '' || dataSet === header
    ? say(PHRASES[done].dataSetLacks, values)
    : say(PHRASES[done].differs, values)
}

function statusWords(status: number, comment: string, say: Say): string {
  const code = status.toString(16).toUpperCase().padStart(4, '0')
  const words = say('send.status', { code, meaning: say(meaningOf(status)) })
  return comment === '' ? words : `${words}: ${comment}`
}

const MEANINGS: Readonly<Record<number, Phrase>> = {
  [STORAGE_STATUS.ProcessingFailure]: 'send.status.processingFailure',
  [STORAGE_STATUS.DuplicateSopInstance]: 'send.status.duplicate',
  [STORAGE_STATUS.InvalidObjectInstance]: 'send.status.invalidInstance',
  [STORAGE_STATUS.SopClassNotSupported]: 'send.status.classNotSupported',
  [STORAGE_STATUS.NotAuthorized]: 'send.status.notAuthorized',
  [STORAGE_STATUS.DuplicateInvocation]: 'send.status.protocol',
  [STORAGE_STATUS.UnrecognizedOperation]: 'send.status.protocol',
  [STORAGE_STATUS.MistypedArgument]: 'send.status.protocol',
  [STORAGE_STATUS.ResourceLimitation]: 'send.status.outOfResources',
  [STORAGE_STATUS.CoercionOfDataElements]: 'send.status.coerced',
  [STORAGE_STATUS.ElementsDiscarded]: 'send.status.discarded',
  [STORAGE_STATUS.DataSetDoesNotMatchSopClassWarning]: 'send.status.storedMismatch',
}

/** Ranges of PS3.4 Table B.2-1, by their first digits. */
const RANGES: readonly (readonly [mask: number, value: number, meaning: Phrase])[] = [
  [0xff00, STORAGE_STATUS.OutOfResources, 'send.status.outOfResources'],
  [0xff00, STORAGE_STATUS.DataSetDoesNotMatchSopClass, 'send.status.mismatch'],
  [0xf000, STORAGE_STATUS.CannotUnderstand, 'send.status.cannotUnderstand'],
  [0xf000, STORAGE_STATUS.CoercionOfDataElements, 'send.status.warning'],
]

function meaningOf(status: number): Phrase {
  const range = RANGES.find(([mask, value]) => (status & mask) === value)
  return MEANINGS[status] ?? range?.[2] ?? 'send.status.unknown'
}

const syntaxName = (uid: string): string => transferSyntaxName(uid) ?? uid

function named(file: FiledInstance | undefined): Record<string, string> {
  const { sopClassUid = '', transferSyntaxUid = '' } = file ?? {}
  return { sopClass: sopClassName(sopClassUid) ?? sopClassUid, syntax: syntaxName(transferSyntaxUid) }
}
