import { createHash } from 'node:crypto'
import { parsePart10Header } from '../dicom/read/part10.ts'

/** The content of a DICOM file, by its bytes. */
export interface Part10Digest {
  readonly transferSyntaxUid: string
  /** SHA-256 of the data set, lower-case hex. */
  readonly dataSetSha256: string
}

/** Digests the data set of a DICOM file while it streams past. Throws DATA_SET_UNREADABLE for what is not such a file. */
export async function part10Digest(file: AsyncIterable<Buffer>): Promise<Part10Digest | undefined> {
  const digest = createHash('sha256')
  let head: Buffer = Buffer.alloc(0)
  let transferSyntaxUid: string | undefined
  for await (const piece of file) {
    if (transferSyntaxUid !== undefined) {
      digest.update(piece)
      continue
    }
    head = Buffer.concat([head, piece])
    const header = parsePart10Header(head)
    if (header === undefined) continue
    transferSyntaxUid = header.transferSyntaxUid
    digest.update(head.subarray(header.headerBytes))
  }
  return transferSyntaxUid === undefined
    ? undefined
    : { transferSyntaxUid, dataSetSha256: digest.digest('hex') }
}
