import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { type Element, encodeDataSet } from '../study/elements.ts'
import type { Person } from './people.ts'

/** An object of a kind that is easily overlooked, and what has to become of it besides showing nobody. */
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

export const CT = '1.2.840.10008.5.1.4.1.1.2'
export const STUDY_DATE = '20231127'

/** A small image in explicit VR little endian: its elements by tag, each of which may be given in another way or left out. */
export function imageElements(
  person: Person,
  changed: readonly Element[] = [],
  without: readonly number[] = [],
): Element[] {
  const study = `1.2.840.99999.8.${person.number + 1}`
  const plain: Element[] = [
    [0x0008_0005, 'CS', 'ISO_IR 192'],
    [0x0008_0008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x0008_0016, 'UI', CT],
    [0x0008_0018, 'UI', `${study}.1.1`],
    [0x0008_0020, 'DA', STUDY_DATE],
    [0x0008_0050, 'SH', person.accession],
    [0x0008_0060, 'CS', 'CT'],
    [0x0008_0070, 'LO', 'Invented Devices'],
    [0x0010_0010, 'PN', Buffer.from(person.name)],
    [0x0010_0020, 'LO', person.id],
    [0x0010_0030, 'DA', person.birthDate],
    [0x0018_0050, 'DS', '2.5'],
    [0x0018_1163, 'DS', '7'],
    [0x0020_000d, 'UI', study],
    [0x0020_000e, 'UI', `${study}.1`],
    [0x0028_0002, 'US', [1]],
    [0x0028_0004, 'CS', 'MONOCHROME2'],
    [0x0028_0010, 'US', [8]],
    [0x0028_0011, 'US', [8]],
    [0x0028_0100, 'US', [8]],
    [0x0028_0101, 'US', [8]],
    [0x0028_0102, 'US', [7]],
    [0x0028_0103, 'US', [0]],
    [0x7fe0_0010, 'OW', Buffer.alloc(64, 7)],
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
