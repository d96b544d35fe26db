import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { type Element, encodeDataSet, encodeElementHeader } from './elements.ts'
import { type SetName, STUDY_SETS, studyOf, uid } from './study-sets.ts'

/** Wang^XiaoMing=王^小明 in GB18030: an invented name, written as many Chinese devices do. */
const PATIENT_NAME = Buffer.concat([Buffer.from('Wang^XiaoMing='), Buffer.from('cdf55ed0a1c3f7', 'hex')])
const PIXEL_DATA = 0x7fe00010

/** Everything of the file before the first pixel. */
export function encodeInventedHeader(name: SetName, number: number): Buffer {
  const set = STUDY_SETS[name]
  const { sopClassUid, phantom } = set
  const sopInstanceUid = uid(name, 'instance', number)
  const { index: study, studyInstanceUid } = studyOf(name, number)
  const series = Math.floor((number - 1) / set.perSeries)
  const elements: readonly Element[] = [
    ...PATIENT_AND_STUDY,
    [0x00080016, 'UI', sopClassUid],
    [0x00080018, 'UI', sopInstanceUid],
    [0x00080050, 'SH', `A${name.toUpperCase().slice(0, 2)}${study + 1}`],
    [0x0020000d, 'UI', studyInstanceUid],
    [0x0020000e, 'UI', uid(name, 'series', series)],
    [0x00200010, 'SH', String(study + 1)],
    [0x00200011, 'IS', String(series + 1)],
    [0x00200013, 'IS', String(number)],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [phantom.rows]],
    [0x00280011, 'US', [phantom.columns]],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [12]],
    [0x00280102, 'US', [11]],
    [0x00280103, 'US', [0]],
    ...set.elements(number),
  ]
  const pixelBytes = 2 * phantom.rows * phantom.columns * set.frames
  return Buffer.concat([
    encodePart10Header({
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    }),
    encodeDataSet(elements),
    encodeElementHeader(PIXEL_DATA, 'OW', pixelBytes),
  ])
}

const PATIENT_AND_STUDY: readonly Element[] = [
  [0x00080005, 'CS', 'GB18030'],
  [0x00080020, 'DA', '20260105'],
  [0x00080021, 'DA', '20260105'],
  [0x00080022, 'DA', '20260105'],
  [0x00080023, 'DA', '20260105'],
  [0x00080030, 'TM', '083000'],
  [0x00080031, 'TM', '083000'],
  [0x00080032, 'TM', '083100'],
  [0x00080033, 'TM', '083100'],
  [0x00080070, 'LO', 'Invented Devices'],
  [0x00080090, 'PN', ''],
  [0x00081090, 'LO', 'Phantom 1'],
  [0x00100010, 'PN', PATIENT_NAME],
  [0x00100020, 'LO', 'INVENTED-1'],
  [0x00100030, 'DA', '19600229'],
  [0x00100040, 'CS', 'M'],
  [0x00181000, 'LO', '0001'],
  [0x00181020, 'LO', '1'],
  [0x00200012, 'IS', '1'],
]
