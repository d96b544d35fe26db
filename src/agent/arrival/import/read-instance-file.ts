import { type FiledInstance, readInstance } from '../../../dicom/file/read-instance.ts'
import type { ByteSource } from '../../../media/byte-source.ts'
import { fileProblem } from './file-problem.ts'
import { lastPart } from './path-parts.ts'

/** Reads the identifiers of the instance in a file. Throws {@link FileProblem}. */
export async function readInstanceFile(source: ByteSource, path: string): Promise<FiledInstance> {
  try {
    return await readInstance(source, isDirectoryName(lastPart(path)))
  } catch (error) {
    throw fileProblem(error)
  }
}

/** Returns true for the name of a medium's index (PS3.10 §8.6), also as a driver of ISO 9660 may show it. */
export const isDirectoryName = (name: string): boolean => /^DICOMDIR\.?(;\d+)?$/i.test(name)
