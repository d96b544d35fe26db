import type { Tag } from '../../../dicom/vocabulary/tag.ts'

/** A value that identifies, as the data set contains it. */
export interface Gathered {
  readonly tag: Tag
  readonly vr: string
  readonly value: Buffer
  readonly characterSet: string
}
