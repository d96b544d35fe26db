import { TAG, type Tag } from '../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../../test/support/instances/tag-named.ts'

/** Tags and numbers of items in turn: [sequence, item, sequence, item, …, element]. */
export type Place = readonly number[]

/** The required result for one planted or untouched value, by the kinds of action that MIDI-B scores. */
export type Expectation =
  /** Gone, emptied, or another value without any identity; `was` must not be there any more. */
  | { readonly kind: 'removed'; readonly at: Place; readonly was?: Buffer }
  /** All of these bytes are still there; `isWhole`: and no others. */
  | {
      readonly kind: 'retained'
      readonly at: Place
      readonly bytes: readonly Buffer[]
      readonly isWhole: boolean
    }
  | { readonly kind: 'not null'; readonly at: Place }
  | { readonly kind: 'date shifted'; readonly at: Place; readonly was: string }
  | { readonly kind: 'UID changed'; readonly at: Place; readonly was: string }
  | { readonly kind: 'patient ID consistent'; readonly at: Place }

export const KINDS = [
  'removed',
  'retained',
  'not null',
  'date shifted',
  'UID changed',
  'UID consistent',
  'patient ID consistent',
  'pixels hidden',
  'pixels retained',
] as const

export type ActionKind = (typeof KINDS)[number]

const GROUP = 0x1_0000

export function placeText(place: Place): string {
  return place
    .map((step, i) => (i % 2 === 1 ? `[${step}]` : `(${hex(Math.floor(step / GROUP))},${hex(step % GROUP)})`))
    .join('')
}

const hex = (number: number): string => number.toString(16).padStart(4, '0')

/** Tags whose values say how an image was made and is to be read, and identify no person: they keep their bytes. */
export const TECHNICAL: readonly Tag[] = [
  TAG.ImageType,
  TAG.SOPClassUID,
  TAG.Modality,
  tagNamed('Manufacturer'),
  tagNamed('ScanningSequence'),
  tagNamed('SequenceVariant'),
  tagNamed('ScanOptions'),
  tagNamed('MRAcquisitionType'),
  tagNamed('SliceThickness'),
  tagNamed('KVP'),
  tagNamed('RepetitionTime'),
  tagNamed('EchoTime'),
  tagNamed('NumberOfAverages'),
  tagNamed('ImagingFrequency'),
  tagNamed('MagneticFieldStrength'),
  tagNamed('SpacingBetweenSlices'),
  tagNamed('EchoTrainLength'),
  tagNamed('PixelBandwidth'),
  tagNamed('SoftwareVersions'),
  tagNamed('ReconstructionDiameter'),
  tagNamed('DistanceSourceToDetector'),
  tagNamed('DistanceSourceToPatient'),
  tagNamed('GantryDetectorTilt'),
  tagNamed('TableHeight'),
  tagNamed('RotationDirection'),
  tagNamed('ExposureTime'),
  tagNamed('XRayTubeCurrent'),
  tagNamed('Exposure'),
  tagNamed('FilterType'),
  tagNamed('GeneratorPower'),
  tagNamed('FocalSpots'),
  tagNamed('ConvolutionKernel'),
  tagNamed('AcquisitionMatrix'),
  tagNamed('InPlanePhaseEncodingDirection'),
  tagNamed('FlipAngle'),
  tagNamed('PatientPosition'),
  tagNamed('SeriesNumber'),
  tagNamed('AcquisitionNumber'),
  tagNamed('InstanceNumber'),
  tagNamed('ImagePositionPatient'),
  tagNamed('ImageOrientationPatient'),
  tagNamed('ImagesInAcquisition'),
  tagNamed('SliceLocation'),
  TAG.SamplesPerPixel,
  TAG.NumberOfFrames,
  TAG.Rows,
  TAG.Columns,
  tagNamed('PixelSpacing'),
  TAG.BitsAllocated,
  TAG.BitsStored,
  TAG.HighBit,
  TAG.PixelRepresentation,
  tagNamed('SmallestImagePixelValue'),
  tagNamed('LargestImagePixelValue'),
  tagNamed('WindowCenter'),
  tagNamed('WindowWidth'),
  tagNamed('RescaleIntercept'),
  tagNamed('RescaleSlope'),
  tagNamed('RescaleType'),
  tagNamed('RedPaletteColorLookupTableDescriptor'),
  tagNamed('RedPaletteColorLookupTableData'),
]
