import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePart10Header } from '../../../src/dicom/read/part10.ts'

interface StoredInstance {
  path: string
  sopInstanceUid: string
  transferSyntaxUid: string
  dataSetSha256: string
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Every file that the center has stored, with the digest of its data set. */
export function storedAtCenter(centerFolder: string): StoredInstance[] {
  const folder = join(centerFolder, 'instances')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => {
      const bytes = readFileSync(join(folder, name))
      const header = parsePart10Header(bytes)
      return {
        path: join(folder, name),
        sopInstanceUid: header?.sopInstanceUid ?? '',
        transferSyntaxUid: header?.transferSyntaxUid ?? '',
        dataSetSha256: sha256(bytes.subarray(header?.headerBytes ?? 0)),
      }
    })
}
