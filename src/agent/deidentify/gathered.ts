import type { Tag } from '../../dicom/tag.ts'

/** A value that identifies, as it stands in the data set. */
export interface Gathered {
  readonly tag: Tag
  readonly vr: string
  readonly value: Buffer
  readonly characterSet: string
}
