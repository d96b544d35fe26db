import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { sha256 } from '../centers/stored-at-center.ts'
import { type CorpusFile, splitPart10 } from './corpus-files.ts'

/** Small DICOM files with faults that devices have sent, kept outside the repository. */
export const FIELD_FOLDER =
  process.env['FERRY_FIELD'] ?? fileURLToPath(new URL('../../../../shared/field', import.meta.url))

const names = (): string[] =>
  existsSync(FIELD_FOLDER) ? readdirSync(FIELD_FOLDER).filter((name) => name.endsWith('.dcm')) : []

export const hasField = (): boolean => names().length > 0

/** All of them; each is to cross byte for byte, into the study that it names. Empty if the folder is absent. */
export function fieldFiles(): CorpusFile[] {
  return names()
    .toSorted()
    .map((name) => fieldFile(join(FIELD_FOLDER, name)))
}

function fieldFile(path: string): CorpusFile {
  const bytes = readFileSync(path)
  return {
    name: `field/${basename(path)}`,
    path,
    sha256: sha256(bytes),
    bytes: bytes.length,
    sopClass: '',
    modality: 'CT',
    transferSyntaxUid: splitPart10(path)?.transferSyntaxUid ?? '',
    special: '',
    expect: 'odd',
    studyInstanceUid: studyIn(bytes),
  }
}

/** Searches for the header of the element in little endian, which has 8 bytes with and without a VR. */
function studyIn(bytes: Buffer): string {
  const tag = Buffer.alloc(4)
  tag.writeUInt16LE(TAG.StudyInstanceUID >>> 16, 0)
  tag.writeUInt16LE(TAG.StudyInstanceUID & 0xffff, 2)
  const from = bytes.indexOf(tag) + 8
  return /^[0-9.]+/.exec(bytes.toString('latin1', from, from + 64))?.[0] ?? ''
}
