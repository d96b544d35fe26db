import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Part10Header, parsePart10Header } from '../../../src/dicom/read/part10.ts'

/** Real DICOM files of many devices, kept outside the repository. */
export const CORPUS_FOLDER =
  process.env['FERRY_CORPUS'] ?? fileURLToPath(new URL('../../../../shared/corpus', import.meta.url))
const MANIFEST = join(CORPUS_FOLDER, 'MANIFEST.tsv')

/** One row of the corpus's MANIFEST.tsv. */
export interface CorpusFile {
  /** Within the corpus, with slashes: how the file is called in a message. */
  name: string
  /** Where it lies on this machine. */
  path: string
  sha256: string
  bytes: number
  /** The name of the SOP class; 'none' if the file has none. */
  sopClass: string
  modality: string
  /** Empty where the file declares none. */
  transferSyntaxUid: string
  special: string
  /** ok = readable by every tool; odd = breaks the standard, must not be lost; reject = not a whole instance. */
  expect: string
  /** The study in which it must be at the center; undefined if that is not checked. */
  studyInstanceUid?: string
}

export interface SplitPart10 extends Part10Header {
  dataSet: Buffer
}

export function hasCorpus(): boolean {
  return existsSync(MANIFEST)
}

/** All files of the corpus; throws where it is absent, so ask {@link hasCorpus} before. */
export function corpusFiles(): CorpusFile[] {
  const [head = '', ...rows] = readFileSync(MANIFEST, 'utf8').trimEnd().split('\n')
  const columns = head.split('\t')
  return rows.map((row) => {
    const cells = row.split('\t')
    const cell = (column: string): string => cells[columns.indexOf(column)] ?? ''
    return {
      name: cell('path'),
      path: join(CORPUS_FOLDER, cell('path')),
      sha256: cell('sha256'),
      bytes: Number(cell('bytes')),
      sopClass: cell('sop_class'),
      modality: cell('modality'),
      transferSyntaxUid: /[0-9.]+$/.exec(cell('transfer_syntax'))?.[0] ?? '',
      special: cell('special'),
      expect: cell('expect'),
    }
  })
}

/** The place of one file of the corpus. */
export function corpusPath(name: string): string {
  return join(CORPUS_FOLDER, name)
}

/** A DICOM file as header and data set; undefined if it is not a Part 10 file. */
export function splitPart10(path: string): SplitPart10 | undefined {
  const bytes = readFileSync(path)
  const header = headerOf(bytes)
  return header === undefined ? undefined : { ...header, dataSet: bytes.subarray(header.headerBytes) }
}

function headerOf(bytes: Buffer): Part10Header | undefined {
  try {
    return parsePart10Header(bytes)
  } catch {
    return undefined
  }
}
