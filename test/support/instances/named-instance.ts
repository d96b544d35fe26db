import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import type { RawInstance } from '../peers/send-instances.ts'
import { newUid } from './sealed-instance.ts'

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
const { element } = writer(EXPLICIT_LITTLE)

interface NamedTexts {
  readonly name: string
  readonly id: string
  readonly accession: string
  readonly description?: string
  readonly modality?: string
  readonly studyInstanceUid: string
  /** A value of odd length, which a check may hold. */
  readonly isOdd?: boolean
}

/** A small image of a patient with these texts, in UTF-8. */
export function namedInstance(texts: NamedTexts, pixelBytes = 2000): RawInstance {
  const { name, id, accession, description = '', modality = 'CT', studyInstanceUid, isOdd = false } = texts
  const sopInstanceUid = newUid()
  const text = (tag: number, vr: string, value: string): Buffer => element(tag, vr, even(value, vr))
  const dataSet = Buffer.concat([
    text(TAG.SpecificCharacterSet, 'CS', 'ISO_IR 192'),
    text(TAG.SOPClassUID, 'UI', CT_IMAGE_STORAGE),
    text(TAG.SOPInstanceUID, 'UI', sopInstanceUid),
    text(TAG.StudyDate, 'DA', '20261201'),
    text(TAG.AccessionNumber, 'SH', accession),
    text(TAG.Modality, 'CS', modality),
    isOdd
      ? element(TAG.StudyDescription, 'LO', Buffer.from('ODD'))
      : text(TAG.StudyDescription, 'LO', description),
    text(TAG.PatientName, 'PN', name),
    text(TAG.PatientID, 'LO', id),
    text(TAG.StudyInstanceUID, 'UI', studyInstanceUid),
    text(TAG.SeriesInstanceUID, 'UI', `${studyInstanceUid}.1`),
    element(TAG.PixelData, 'OW', Buffer.alloc(pixelBytes, sopInstanceUid)),
  ])
  return {
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet,
  }
}

function even(value: string, vr: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')])
}
