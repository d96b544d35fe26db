import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { type RawInstance } from '../peers/send-instances.ts'

/** The instance as a file with preamble and file meta information. */
export function part10File({ dataSet, ...names }: RawInstance): Buffer {
  return Buffer.concat([encodePart10Header(names), dataSet])
}
