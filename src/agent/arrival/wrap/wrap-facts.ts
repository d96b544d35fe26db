import type { Patient } from '../../orders/order.ts'
import type { AnatomicRegion } from './anatomic-region.ts'

/** Facts about the study that a file belongs to. Texts are decoded; dates and times have the form of DA and TM. */
export interface StudyFacts {
  readonly studyInstanceUid: string
  readonly date: string
  readonly time?: string
  readonly id?: string
  readonly accessionNumber?: string
  readonly description?: string
  readonly referringPhysician?: string
}

/** Facts about the device that made a file. */
export interface SeriesFacts {
  /** Name of the watched folder, or of another way in: files of one study, one folder and one kind are one series. */
  readonly folder: string
  readonly description?: string
  readonly institution?: string
  readonly stationName?: string
  readonly manufacturer?: string
  readonly model?: string
}

/** The choices that a site has made for a watched folder. */
export interface WrapHandling {
  /** The kind of image that the device of the folder makes. */
  readonly as: 'endoscopic' | 'photographic' | 'secondary'
  readonly anatomicRegion?: AnatomicRegion
  /** An image whose EXIF says that it must be turned to be seen upright. */
  readonly orientation: 'hold' | 'send'
  /** H.264 of the profiles Baseline and Main, for which DICOM has no transfer syntax. */
  readonly lowerProfiles: 'hold' | 'accept'
}

/** Everything about a file that its own bytes do not say. The same facts and bytes give the same instances. */
export interface WrapFacts {
  readonly patient: Patient
  readonly study: StudyFacts
  readonly series: SeriesFacts
  readonly handling: WrapHandling
  /** SHA-256 of the source, in hexadecimal digits. */
  readonly sha256: string
  readonly agentId: string
  /** The agent's secret for derived UIDs, 32 bytes: see `deriveUid`. */
  readonly uidSecret: Buffer
  /** Time of the last change of the file, in milliseconds since 1970. */
  readonly modifiedAt: number
}
