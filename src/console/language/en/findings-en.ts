import type { Finding } from '../../../dicom/check/check-findings.ts'
import type { FindingWords } from './words.ts'

export const FINDINGS_IN_ENGLISH: Readonly<Record<Finding, FindingWords>> = {
  transferSyntax: {
    short: 'is not written in the declared transfer syntax',
    meaning:
      'the PACS will probably not be able to read it; the device declares one way of writing and uses another',
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
    short: 'is of another SOP class than announced',
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
      'a UID holds other characters than digits and single dots, is too long, or has a component with a leading zero',
  },
  patientMissing: {
    short: 'lacks patient name or patient ID',
    meaning: 'one of the two is missing or empty; the PACS may file it without a patient',
  },
  characterSetMissing: {
    short: 'has text without a declared character set',
    meaning:
      'names may be shown wrongly; set the character set on the device, or what it really writes under its quirks here',
  },
  characterSetWrong: {
    short: 'has text that its character set does not fit',
    meaning:
      'names may be shown wrongly; the device declares one character set and writes another, or a text was cut in a character',
  },
  oddLength: {
    short: 'has a value of odd length',
    meaning: 'the standard wants even lengths; most programs read it all the same',
  },
  elementOrder: {
    short: 'has elements out of order or twice',
    meaning: 'some programs stop reading there or take the other one of the two',
  },
  pixelMissing: {
    short: 'has no pixel data',
    meaning: 'an image is described and none is there; it may have been cut off on the device',
  },
  pixelDescription: {
    short: 'has pixel data without a sound description',
    meaning:
      'rows, columns, bits allocated or number of frames is missing or makes no sense; it cannot be displayed',
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
    meaning: 'compressed pixel data holds fewer pictures than announced',
  },
  fragmentsEnd: {
    short: 'has compressed pixel data without an end',
    meaning: 'the end delimiter is missing; it may have been cut off on the device',
  },
  offsetTable: {
    short: 'has a wrong offset table',
    meaning: 'the table has wrong beginnings of frames; a viewer that trusts it shows wrong pictures',
  },
  trailingBytes: {
    short: 'has bytes behind its end',
    meaning: 'the bytes after the image do not belong to it; most programs ignore them',
  },
}
