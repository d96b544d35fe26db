import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import type { RawInstance } from '../peers/send-instances.ts'

const { element } = writer(EXPLICIT_LITTLE)

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

/**
 * An invented instance with the size of its pixels, of one byte each: without the size, pixels cannot be judged as
 * clean.
 */
export function asImage<Instance extends RawInstance>(
  instance: Instance,
  { side = 200, frames = 1 }: { side?: number; frames?: number } = {},
): Instance {
  const count = String(frames)
  const image = [
    element(TAG.SamplesPerPixel, 'US', short(1)),
    element(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2 '),
    ...(frames === 1
      ? []
      : [element(TAG.NumberOfFrames, 'IS', count.length % 2 === 0 ? count : `${count} `)]),
    element(TAG.Rows, 'US', short(side)),
    element(TAG.Columns, 'US', short(side)),
    element(TAG.BitsAllocated, 'US', short(8)),
    element(TAG.BitsStored, 'US', short(8)),
    element(TAG.HighBit, 'US', short(7)),
    element(TAG.PixelRepresentation, 'US', short(0)),
  ]
  const { dataSet } = instance
  const pixels = dataSet.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57]))
  return {
    ...instance,
    dataSet: Buffer.concat([dataSet.subarray(0, pixels), ...image, dataSet.subarray(pixels)]),
  }
}
