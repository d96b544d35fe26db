import { open } from 'node:fs/promises'
import { type Part10Header, parsePart10Header } from '../../dicom/read/part10.ts'
import { Failure } from '../../platform/failure.ts'

const FIRST_BYTES = 64 * 1024

/** Reads the header before a DICOM file's data set. Throws DATA_SET_UNREADABLE, and errors of the file system. */
export async function readPart10Header(path: string): Promise<Part10Header> {
  await using file = await open(path, 'r')
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
    const header = parsePart10Header(buffer.subarray(0, bytesRead))
    if (header !== undefined) return header
    if (bytesRead < bytes) throw new Failure('DATA_SET_UNREADABLE', 'reading the file: it is cut short')
  }
}
