import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed, tagOf } from '../../test/support/instances/tag-named.ts'
import { type Element, encodeDataSet } from '../study/elements.ts'
import type { Person } from './people.ts'

/** An object of a kind that is easily overlooked, and its required result apart from showing no identity. */
export interface HardCase {
  readonly kind: string
  readonly person: Person
  readonly transferSyntaxUid: string
  readonly sopClassUid: string
  readonly dataSet: Buffer
  /** 'withheld': it must not leave; 'leaves': it must; 'either': in doubt it is withheld. */
  readonly expected: 'withheld' | 'leaves' | 'either'
  /** Bytes that must still be there. */
  readonly kept?: readonly Buffer[]
  /** Dates (yyyymmdd) that must not be found either. */
  readonly dates?: readonly string[]
  /** Objects of one group are of one patient: they get one Patient ID and one Study Date. */
  readonly group?: string
}

const CT = '1.2.840.10008.5.1.4.1.1.2'
export const STUDY_DATE = '20231127'

/** A small image in explicit VR little endian: its elements by tag, each of which may be given in another way or left out. */
export function imageElements(
  person: Person,
  changed: readonly Element[] = [],
  without: readonly number[] = [],
): Element[] {
  const study = `1.2.840.99999.8.${person.number + 1}`
  const plain: Element[] = [
    [TAG.SpecificCharacterSet, 'CS', 'ISO_IR 192'],
    [TAG.ImageType, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [TAG.SOPClassUID, 'UI', CT],
    [TAG.SOPInstanceUID, 'UI', `${study}.1.1`],
    [TAG.StudyDate, 'DA', STUDY_DATE],
    [TAG.AccessionNumber, 'SH', person.accession],
    [TAG.Modality, 'CS', 'CT'],
    [tagNamed('Manufacturer'), 'LO', 'Invented Devices'],
    [TAG.PatientName, 'PN', Buffer.from(person.name)],
    [TAG.PatientID, 'LO', person.id],
    [TAG.PatientBirthDate, 'DA', person.birthDate],
    [tagNamed('SliceThickness'), 'DS', '2.5'],
    [tagOf(0x0018, 0x1163), 'DS', '7'],
    [TAG.StudyInstanceUID, 'UI', study],
    [TAG.SeriesInstanceUID, 'UI', `${study}.1`],
    [TAG.SamplesPerPixel, 'US', [1]],
    [TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2'],
    [TAG.Rows, 'US', [8]],
    [TAG.Columns, 'US', [8]],
    [TAG.BitsAllocated, 'US', [8]],
    [TAG.BitsStored, 'US', [8]],
    [TAG.HighBit, 'US', [7]],
    [TAG.PixelRepresentation, 'US', [0]],
    [TAG.PixelData, 'OW', Buffer.alloc(64, 7)],
  ]
  const byTag = new Map(
    plain.filter(([tag]) => !without.includes(tag)).map((element) => [element[0], element]),
  )
  for (const element of changed) byTag.set(element[0], element)
  return Array.from(byTag.values()).toSorted(([a], [b]) => a - b)
}

export function imageCase(
  kind: string,
  person: Person,
  dataSet: Buffer | readonly Element[],
  more: Partial<HardCase> = {},
): HardCase {
  return {
    kind,
    person,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    sopClassUid: CT,
    dataSet: Buffer.isBuffer(dataSet) ? dataSet : encodeDataSet(dataSet),
    expected: 'leaves',
    ...more,
  }
}
