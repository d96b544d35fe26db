import type { Finding } from '../../../dicom/check/check-findings.ts'
import type { FindingWords } from './words.ts'

export const FINDINGS_IN_ENGLISH: Readonly<Record<Finding, FindingWords>> = {
  transferSyntax: {
    short: 'is not encoded in the declared transfer syntax',
    meaning:
      'the PACS will probably not be able to read it; the device declares one transfer syntax and uses another',
  },
  unreadable: {
    short: 'cannot be read to the end',
    meaning: 'some of its bytes are not a DICOM data set; it may be damaged on the device or on the way here',
  },
  truncated: {
    short: 'is cut off',
    meaning: 'it ends in the middle of an element; the device may have written or sent only a part of it',
  },
  sopClass: {
    short: 'has another SOP class than announced',
    meaning:
      'the C-STORE command and the data set name different SOP classes; it is stored under that of the data set',
  },
  uidMissing: {
    short: 'lacks an identifying UID',
    meaning:
      'SOP Class, SOP Instance, Study or Series Instance UID is missing or empty; a PACS cannot file it',
  },
  uidSyntax: {
    short: 'has a malformed UID',
    meaning:
      'a UID contains characters other than digits and single dots, is too long, or has a component with a leading zero',
  },
  patientMissing: {
    short: 'lacks patient name or patient ID',
    meaning: 'one of the two is missing or empty; the PACS may file it without a patient',
  },
  characterSetMissing: {
    short: 'has text without a declared character set',
    meaning:
      'names may be displayed wrongly; set the character set on the device, or the one that it really uses under its quirks here',
  },
  characterSetWrong: {
    short: 'has text that does not fit its character set',
    meaning:
      'names may be displayed wrongly; the device declares one character set and uses another, or a text was cut within a character',
  },
  oddLength: {
    short: 'has a value of odd length',
    meaning: 'the standard requires even lengths; most programs read it nevertheless',
  },
  elementOrder: {
    short: 'has elements out of order or twice',
    meaning: 'some programs stop reading there, or use the other one of the two',
  },
  pixelMissing: {
    short: 'has no pixel data',
    meaning: 'it describes an image but contains none; it may have been cut off on the device',
  },
  pixelDescription: {
    short: 'has pixel data without a valid description',
    meaning:
      'rows, columns, bits allocated or number of frames is missing or invalid; it cannot be displayed',
  },
  pixelForm: {
    short: 'has pixel data in the wrong form',
    meaning: 'compressed pixel data under an uncompressed transfer syntax, or the other way round',
  },
  pixelLength: {
    short: 'has pixel data of the wrong length',
    meaning: 'its length is not rows × columns × samples × bits × frames; a part may be missing',
  },
  framesMissing: {
    short: 'has fewer fragments than frames',
    meaning: 'compressed pixel data has fewer fragments than the announced frames',
  },
  fragmentsEnd: {
    short: 'has compressed pixel data without an end',
    meaning: 'the end delimiter is missing; it may have been cut off on the device',
  },
  offsetTable: {
    short: 'has a wrong offset table',
    meaning: 'the table gives wrong positions of frames; a viewer that trusts it displays wrong images',
  },
  trailingBytes: {
    short: 'has bytes after its end',
    meaning: 'the bytes after the image do not belong to it; most programs ignore them',
  },
}
