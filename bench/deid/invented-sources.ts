import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { type Element, encodeDataSet } from '../study/elements.ts'
import type { Source } from './planted-set.ts'

const STORAGE = '1.2.840.10008.5.1.4.1.1.'
const KINDS: readonly (readonly [
  modality: string,
  sopClass: string,
  samples: 1 | 3,
  bits: 8 | 16,
  frames: number,
])[] = [
  ['CT', '2', 1, 16, 1],
  ['MR', '4', 1, 16, 1],
  ['DX', '1.1', 1, 16, 1],
  ['MG', '1.2', 1, 16, 1],
  ['PT', '128', 1, 16, 1],
  ['US', '6.1', 3, 8, 1],
  ['US', '3.1', 3, 8, 4],
  ['US', '6.1', 1, 8, 1],
  ['OT', '7', 3, 8, 1],
  ['ES', '77.1.1', 3, 8, 1],
]
const [ROWS, COLUMNS] = [40, 48]

/** Small images of many kinds, without any identity. */
export function inventedSources(): Source[] {
  return KINDS.map(([modality, sopClass, samples, bits, frames], i) => ({
    name: `invented ${modality} ${samples} × ${bits} bit`,
    sopClassUid: STORAGE + sopClass,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet: encodeDataSet([
      ...describing(modality, samples, bits, frames),
      [0x7fe0_0010, bits === 8 ? 'OB' : 'OW', pixels(ROWS * COLUMNS * samples * frames * (bits / 8), i)],
    ]),
  }))
}

function describing(modality: string, samples: number, bits: number, frames: number): Element[] {
  return [
    [0x0008_0060, 'CS', modality],
    [0x0008_0070, 'LO', 'Invented Devices'],
    [0x0018_0050, 'DS', '2.5'],
    [0x0018_0060, 'DS', '120'],
    [0x0020_0011, 'IS', '1'],
    [0x0020_0013, 'IS', '1'],
    [0x0028_0002, 'US', [samples]],
    [0x0028_0004, 'CS', samples === 3 ? 'RGB' : 'MONOCHROME2'],
    ...(samples === 3 ? ([[0x0028_0006, 'US', [0]]] as Element[]) : []),
    ...(frames > 1 ? ([[0x0028_0008, 'IS', String(frames)]] as Element[]) : []),
    [0x0028_0010, 'US', [ROWS]],
    [0x0028_0011, 'US', [COLUMNS]],
    [0x0028_0100, 'US', [bits]],
    [0x0028_0101, 'US', [bits]],
    [0x0028_0102, 'US', [bits - 1]],
    [0x0028_0103, 'US', [0]],
  ]
}

/** The same bytes in every run, none of them 0. */
function pixels(count: number, seed: number): Buffer {
  let state = 12_345 + seed
  return Buffer.from(
    Array.from({ length: count }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return 1 + ((state >> 8) % 100)
    }),
  )
}
