import type { Tag } from '../../../dicom/vocabulary/tag.ts'

/** An identifying value, as it is in the data set. */
export interface Gathered {
  readonly tag: Tag
  readonly vr: string
  readonly value: Buffer
  readonly characterSet: string
}
