import { createHash } from 'node:crypto'
import type { Element } from './elements.ts'
import type { Phantom } from './pixels.ts'

export type SetName = 'ct' | 'mr' | 'dr' | 'multiframe'

/** A kind of invented instances. */
interface StudySet {
  readonly sopClassUid: string
  /** How many the bench sends. */
  readonly instances: number
  readonly perSeries: number
  readonly perStudy: number
  readonly frames: number
  readonly phantom: Phantom
  /** Elements of this kind in addition to those of all instances. */
  readonly elements: (number: number) => readonly Element[]
}

const ONE_STUDY = Number.MAX_SAFE_INTEGER

export const STUDY_SETS: Readonly<Record<SetName, StudySet>> = {
  ct: {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    instances: 1000,
    perSeries: 500,
    perStudy: ONE_STUDY,
    frames: 1,
    phantom: { rows: 512, columns: 512, outside: 24, inside: 1064 },
    elements: (number) => [
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
      [0x00080060, 'CS', 'CT'],
      [0x00180060, 'DS', '120'],
      ...slice(number, 0.7, 1),
      [0x00281052, 'DS', '-1024'],
      [0x00281053, 'DS', '1'],
      [0x00281054, 'LO', 'HU'],
    ],
  },
  mr: {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.4',
    instances: 2000,
    perSeries: 250,
    perStudy: ONE_STUDY,
    frames: 1,
    phantom: { rows: 256, columns: 256, outside: 8, inside: 700 },
    elements: (number) => [
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\OTHER'],
      [0x00080060, 'CS', 'MR'],
      [0x00180020, 'CS', 'SE'],
      [0x00180021, 'CS', 'NONE'],
      [0x00180022, 'CS', ''],
      [0x00180023, 'CS', '2D'],
      [0x00180080, 'DS', '500'],
      [0x00180081, 'DS', '15'],
      [0x00180091, 'IS', '1'],
      ...slice(number, 0.9, 3),
    ],
  },
  dr: {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    instances: 20,
    perSeries: 1,
    perStudy: 2,
    frames: 1,
    phantom: { rows: 3072, columns: 3072, outside: 3500, inside: 1200 },
    elements: (number) => [
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\'],
      [0x00080060, 'CS', 'DX'],
      [0x00080068, 'CS', 'FOR PRESENTATION'],
      [0x00082218, 'SQ', [code('51185008', 'SCT', 'Chest')]],
      [0x00180015, 'CS', 'CHEST'],
      [0x00181164, 'DS', '0.139\\0.139'],
      [0x00181508, 'CS', ''],
      [0x00187004, 'CS', 'SCINTILLATOR'],
      [0x00200020, 'CS', number % 2 === 1 ? 'L\\F' : 'A\\F'],
      [0x00200062, 'CS', 'U'],
      [0x00280301, 'CS', 'NO'],
      [0x00281040, 'CS', 'LOG'],
      [0x00281041, 'SS', Buffer.from([1, 0])],
      [0x00281050, 'DS', '2048'],
      [0x00281051, 'DS', '4096'],
      [0x00281052, 'DS', '0'],
      [0x00281053, 'DS', '1'],
      [0x00281054, 'LO', 'US'],
      [0x00282110, 'CS', '00'],
      [0x00400555, 'SQ', []],
      [0x00540220, 'SQ', [[...code('399348003', 'SCT', 'antero-posterior'), [0x00540222, 'SQ', []]]]],
      [0x20500020, 'CS', 'IDENTITY'],
    ],
  },
  multiframe: {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.12.1',
    instances: 1,
    perSeries: 1,
    perStudy: 1,
    frames: 1000,
    phantom: { rows: 1024, columns: 1024, outside: 3000, inside: 1500 },
    elements: () => [
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\SINGLE PLANE'],
      [0x00080060, 'CS', 'XA'],
      [0x00180060, 'DS', '80'],
      [0x00181063, 'DS', '66.7'],
      [0x00181155, 'CS', 'GR'],
      [0x00181164, 'DS', '0.3\\0.3'],
      [0x00181150, 'IS', '7'],
      [0x00181151, 'IS', '500'],
      [0x00181152, 'IS', '4'],
      [0x00181500, 'CS', 'STATIC'],
      [0x00181510, 'DS', '0'],
      [0x00181511, 'DS', '0'],
      [0x00200020, 'CS', ''],
      [0x00180015, 'CS', 'HEART'],
      [0x00280008, 'IS', '1000'],
      [0x00280009, 'AT', [0x00181063]],
      [0x00281040, 'CS', 'LIN'],
    ],
  },
}

/** The study that an instance of the set, counted from 1, belongs to. */
export function studyOf(name: SetName, number: number): { index: number; studyInstanceUid: string } {
  const index = Math.floor((number - 1) / STUDY_SETS[name].perStudy)
  return { index, studyInstanceUid: uid(name, 'study', index) }
}

/** A UID under the root for UUIDs (PS3.5 §B.2) made from what it names, the same every time. */
export function uid(...parts: readonly (string | number)[]): string {
  const digest = createHash('sha256')
    .update(`ferry bench ${parts.join(' ')}`)
    .digest('hex')
  return `2.25.${BigInt(`0x${digest.slice(0, 32)}`)}`
}

/** Image Plane (PS3.3 §C.7.6.2) and Frame of Reference: slices above one another. */
function slice(number: number, spacingMm: number, thicknessMm: number): readonly Element[] {
  return [
    [0x00180050, 'DS', String(thicknessMm)],
    [0x00185100, 'CS', 'HFS'],
    [0x00200032, 'DS', `-180\\-180\\${number * thicknessMm}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', uid('frame of reference', spacingMm)],
    [0x00180015, 'CS', 'CHEST'],
    [0x00201040, 'LO', ''],
    [0x00280030, 'DS', `${spacingMm}\\${spacingMm}`],
  ]
}

/** One coded concept (PS3.3 §8.8). */
function code(value: string, scheme: string, meaning: string): readonly Element[] {
  return [
    [0x00080100, 'SH', value],
    [0x00080102, 'SH', scheme],
    [0x00080104, 'LO', meaning],
  ]
}
