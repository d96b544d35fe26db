import type { ByteSource } from '../../../media/byte-source.ts'
import { readBmp } from '../../../media/read-bmp.ts'
import { readPng } from '../../../media/read-png.ts'
import { readTiff } from '../../../media/read-tiff.ts'
import type { MediaKind } from '../../../media/recognize.ts'
import { Failure } from '../../../platform/failure.ts'
import { wrapCda, wrapPdf, wrapStl } from './wrap-document.ts'
import type { WrapFacts } from './wrap-facts.ts'
import { wrapJpeg } from './wrap-jpeg.ts'
import { wrapPictures } from './wrap-picture.ts'
import type { Wrapped } from './wrapped.ts'

/**
 * Makes DICOM instances of one file without encoding it again. The file must be whole (see `isWhole`) and must not
 * change until the last data set is read. Throws a Failure with a code for each cause if it cannot: docs/media.md.
 */
export async function wrapFile(source: ByteSource, kind: MediaKind, facts: WrapFacts): Promise<Wrapped> {
  switch (kind) {
    case 'jpeg':
      return wrapJpeg(source, facts)
    case 'png':
      return wrapPictures([await readPng(source)], facts)
    case 'bmp':
      return wrapPictures([await readBmp(source)], facts)
    case 'tiff':
      return wrapPictures(await readTiff(source), facts)
    case 'pdf':
      return wrapPdf(source, facts)
    case 'cda':
      return wrapCda(source, facts)
    case 'stl':
      return wrapStl(source, facts)
    case 'mp4':
    case 'mpeg':
    case 'avi':
    case 'dicom':
    case 'zip':
      throw new Failure('MEDIA_UNKNOWN', `wrapping a file: ${kind} is not one of the kinds that are wrapped`)
  }
}
