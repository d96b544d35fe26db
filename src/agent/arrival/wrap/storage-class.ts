import type { WrapHandling } from './wrap-facts.ts'

/** The storage classes of wrapped files (PS3.4 Table B.5-1). */
export const STORAGE_CLASS = {
  secondaryCapture: '1.2.840.10008.5.1.4.1.1.7',
  trueColorFrames: '1.2.840.10008.5.1.4.1.1.7.4',
  endoscopic: '1.2.840.10008.5.1.4.1.1.77.1.1',
  videoEndoscopic: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
  photographic: '1.2.840.10008.5.1.4.1.1.77.1.4',
  videoPhotographic: '1.2.840.10008.5.1.4.1.1.77.1.4.1',
  pdf: '1.2.840.10008.5.1.4.1.1.104.1',
  cda: '1.2.840.10008.5.1.4.1.1.104.2',
  stl: '1.2.840.10008.5.1.4.1.1.104.3',
} as const

/** Class and modality of the images of one kind of device. */
interface ImageClass {
  readonly still: string
  readonly video: string
  readonly modality: string
}

export const IMAGE_CLASSES: Readonly<Record<WrapHandling['as'], ImageClass>> = {
  endoscopic: { still: STORAGE_CLASS.endoscopic, video: STORAGE_CLASS.videoEndoscopic, modality: 'ES' },
  photographic: { still: STORAGE_CLASS.photographic, video: STORAGE_CLASS.videoPhotographic, modality: 'XC' },
  secondary: { still: STORAGE_CLASS.secondaryCapture, video: STORAGE_CLASS.trueColorFrames, modality: 'OT' },
}
