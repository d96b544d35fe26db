import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { readText } from '../../../dicom/text/text.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'

/** Values that identify a patient and a study; '' if absent from the data set. */
export interface LinkedValues {
  readonly patientId: string
  readonly patientName: string
  readonly accessionNumber: string
  readonly studyInstanceUid: string
}

/** The values that identified an instance, and their replacements. */
export interface Link {
  readonly original: LinkedValues
  readonly replacement: LinkedValues
  /** Number of days by which dates were moved back; undefined if dates were not shifted. */
  readonly shiftedDays?: number
}

const TAGS: Readonly<Record<keyof LinkedValues, readonly [Tag, vr: string]>> = {
  patientId: [TAG.PatientID, 'LO'],
  patientName: [TAG.PatientName, 'PN'],
  accessionNumber: [TAG.AccessionNumber, 'SH'],
  studyInstanceUid: [TAG.StudyInstanceUID, 'UI'],
}

/** Decodes values to text, regardless of their encoding. */
export function readLinkedValues(head: ElementList, characterSet: string): LinkedValues {
  const read = (key: keyof LinkedValues): string => {
    const [tag, vr] = TAGS[key]
    const value = head.find(tag)?.value ?? Buffer.alloc(0)
    return readText(value, characterSet, vr).text.replaceAll('\0', '').trim()
  }
  return {
    patientId: read('patientId'),
    patientName: read('patientName'),
    accessionNumber: read('accessionNumber'),
    studyInstanceUid: read('studyInstanceUid'),
  }
}
