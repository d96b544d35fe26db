import { basename } from 'node:path'
import { NotInstance } from '../../dicom/file/not-instance.ts'
import { type FiledInstance, readInstance } from '../../dicom/file/read-instance.ts'
import { openFileBytes } from '../../platform/file/file-bytes.ts'
import { NotSent } from './not-sent.ts'

/** A file that can be sent. */
export interface InstanceFile extends FiledInstance {
  readonly path: string
}

/** Reads the identifiers that C-STORE needs from a file. Throws {@link NotSent}, and errors of the file system. */
export async function readInstanceFile(path: string): Promise<InstanceFile> {
  await using file = await openFileBytes(path)
  try {
    return { path, ...(await readInstance(file, basename(path).toUpperCase() === 'DICOMDIR')) }
  } catch (error) {
    throw error instanceof NotInstance ? new NotSent(error.reason) : error
  }
}
