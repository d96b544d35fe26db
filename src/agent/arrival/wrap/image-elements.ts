import { ANATOMIC_REGIONS } from './anatomic-region.ts'
import { DataSetDraft } from './data-set-draft.ts'
import type { WrapHandling } from './wrap-facts.ts'

/** The pixels of an image, and of every frame of a video (PS3.3 §C.7.6.3). */
export interface PixelFacts {
  readonly rows: number
  readonly columns: number
  readonly samples: 1 | 3
  readonly photometricInterpretation: string
  readonly bitsAllocated: 8 | 16
  readonly bitsStored: number
}

/** Ratio and method of a lossy compression (PS3.3 §C.7.6.1.1.5). */
interface LossyFacts {
  readonly method: 'ISO_10918_1' | 'ISO_13818_2' | 'ISO_14496_10' | 'ISO_23008_2'
  /** Bytes of the pixels before the compression, divided by those after it. */
  readonly ratio: number
}

/** Sets Image Pixel. */
export function setPixels(draft: DataSetDraft, pixels: PixelFacts): DataSetDraft {
  if (pixels.samples === 3) draft.number('PlanarConfiguration', 0)
  return draft
    .number('SamplesPerPixel', pixels.samples)
    .text('PhotometricInterpretation', pixels.photometricInterpretation)
    .number('Rows', pixels.rows)
    .number('Columns', pixels.columns)
    .number('BitsAllocated', pixels.bitsAllocated)
    .number('BitsStored', pixels.bitsStored)
    .number('HighBit', pixels.bitsStored - 1)
    .number('PixelRepresentation', 0)
}

/** Sets what tells receivers that detail was lost; `undefined` if it is not known that any was. */
export function setLossy(draft: DataSetDraft, lossy: LossyFacts | undefined): DataSetDraft {
  if (lossy === undefined) return draft.text('LossyImageCompression', '00')
  return draft
    .text('LossyImageCompression', '01')
    .text('LossyImageCompressionRatio', Math.max(1, lossy.ratio).toFixed(2).slice(0, 16))
    .text('LossyImageCompressionMethod', lossy.method)
}

/**
 * Sets Image Type and what General Image and the modules of one kind of device require: VL Image and Acquisition Context
 * (PS3.3 §C.8.12.1, C.7.6.14), or SC Equipment (§C.8.6.1).
 */
export function setImageKind(draft: DataSetDraft, { as, anatomicRegion }: WrapHandling): DataSetDraft {
  draft.text('PatientOrientation', '')
  // A file does not say which side it shows; with a region the attribute is not required.
  if (as === 'secondary' || anatomicRegion === undefined) draft.text('Laterality', '')
  if (as === 'secondary') {
    return draft.text('ImageType', 'DERIVED', 'SECONDARY').text('ConversionType', 'WSD')
  }
  draft.text('ImageType', 'ORIGINAL', 'PRIMARY').sequence('AcquisitionContextSequence')
  if (anatomicRegion !== undefined) {
    const [code, meaning] = ANATOMIC_REGIONS[anatomicRegion]
    draft.sequence(
      'AnatomicRegionSequence',
      new DataSetDraft()
        .text('CodeValue', code)
        .text('CodingSchemeDesignator', 'SCT')
        .text('CodeMeaning', meaning),
    )
  }
  return draft
}
