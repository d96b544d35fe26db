import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed } from '../../test/support/instances/tag-named.ts'
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
      [TAG.PixelData, bits === 8 ? 'OB' : 'OW', pixels(ROWS * COLUMNS * samples * frames * (bits / 8), i)],
    ]),
  }))
}

function describing(modality: string, samples: number, bits: number, frames: number): Element[] {
  return [
    [TAG.Modality, 'CS', modality],
    [tagNamed('Manufacturer'), 'LO', 'Invented Devices'],
    [tagNamed('SliceThickness'), 'DS', '2.5'],
    [tagNamed('KVP'), 'DS', '120'],
    [tagNamed('SeriesNumber'), 'IS', '1'],
    [tagNamed('InstanceNumber'), 'IS', '1'],
    [TAG.SamplesPerPixel, 'US', [samples]],
    [TAG.PhotometricInterpretation, 'CS', samples === 3 ? 'RGB' : 'MONOCHROME2'],
    ...(samples === 3 ? ([[TAG.PlanarConfiguration, 'US', [0]]] as Element[]) : []),
    ...(frames > 1 ? ([[TAG.NumberOfFrames, 'IS', String(frames)]] as Element[]) : []),
    [TAG.Rows, 'US', [ROWS]],
    [TAG.Columns, 'US', [COLUMNS]],
    [TAG.BitsAllocated, 'US', [bits]],
    [TAG.BitsStored, 'US', [bits]],
    [TAG.HighBit, 'US', [bits - 1]],
    [TAG.PixelRepresentation, 'US', [0]],
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
