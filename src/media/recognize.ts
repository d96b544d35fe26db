import type { ByteSource } from './byte-source.ts'
import { beginsAsDicom, missingInDicom } from './dicom-file.ts'
import { beginsAsPng, missingInPng } from './png-chunks.ts'
import { beginsAsAvi, missingInAvi } from './read-avi.ts'
import { beginsAsBmp, missingInBmp } from './read-bmp.ts'
import { beginsAsCda, missingInCda } from './read-cda.ts'
import { beginsAsJpeg, missingInJpeg } from './read-jpeg.ts'
import { beginsAsMp4, missingInMp4 } from './read-mp4.ts'
import { beginsAsMpeg, missingInMpeg } from './read-mpeg.ts'
import { beginsAsPdf, missingInPdf } from './read-pdf.ts'
import { beginsAsStl, missingInStl } from './read-stl.ts'
import { missingInTiff } from './read-tiff.ts'
import { beginsAsTiff } from './tiff-directory.ts'
import { beginsAsZip, missingInZip } from './zip-end.ts'

/** A kind of file that a watched folder or an import can take. */
export type MediaKind =
  | 'dicom'
  | 'jpeg'
  | 'png'
  | 'bmp'
  | 'tiff'
  | 'mp4'
  | 'mpeg'
  | 'avi'
  | 'pdf'
  | 'cda'
  | 'stl'
  | 'zip'

interface Format {
  /** True if a file of `size` bytes that begins with these bytes is of the kind. */
  readonly begins: (first: Buffer, size: number) => boolean
  /** Returns what is missing at the end or within; undefined if the file is whole. */
  readonly missing: (source: ByteSource) => Promise<string | undefined>
}

/** Signatures that cannot be mistaken come first; a binary STL is known by its size alone, and comes last. */
const KINDS: readonly MediaKind[] = [
  'jpeg',
  'png',
  'zip',
  'mp4',
  'avi',
  'tiff',
  'bmp',
  'dicom',
  'pdf',
  'cda',
  'mpeg',
  'stl',
]

const FORMATS: Readonly<Record<MediaKind, Format>> = {
  jpeg: { begins: beginsAsJpeg, missing: missingInJpeg },
  png: { begins: beginsAsPng, missing: missingInPng },
  zip: { begins: beginsAsZip, missing: missingInZip },
  mp4: { begins: beginsAsMp4, missing: missingInMp4 },
  avi: { begins: beginsAsAvi, missing: missingInAvi },
  tiff: { begins: beginsAsTiff, missing: missingInTiff },
  bmp: { begins: beginsAsBmp, missing: missingInBmp },
  dicom: {
    begins: (first, size) => beginsAsDicom(first, first.length === size),
    missing: missingInDicom,
  },
  pdf: { begins: beginsAsPdf, missing: missingInPdf },
  cda: { begins: beginsAsCda, missing: missingInCda },
  mpeg: { begins: beginsAsMpeg, missing: missingInMpeg },
  stl: { begins: beginsAsStl, missing: missingInStl },
}

/** A CDA is known by its first element, and a transport stream by several packets. */
const FIRST_BYTES = 64 * 1024

/** Returns the kind of a file by its content; its name does not matter. Undefined if Ferry takes no such files. */
export async function recognize(source: ByteSource): Promise<MediaKind | undefined> {
  const first = await source.read(0, FIRST_BYTES)
  return KINDS.find((kind) => FORMATS[kind].begins(first, source.size))
}

/**
 * Looks whether the structure of a file ends as its kind demands. The string says what is missing: "no EOI marker at the
 * end". It contains nothing of the file's contents.
 */
export async function isWhole(source: ByteSource, kind: MediaKind): Promise<true | string> {
  return (await FORMATS[kind].missing(source)) ?? true
}
