import type { ByteSource } from '../../../media/byte-source.ts'
import { readAvi } from '../../../media/read-avi.ts'
import { readBmp } from '../../../media/read-bmp.ts'
import { readMp4 } from '../../../media/read-mp4.ts'
import { readMpeg } from '../../../media/read-mpeg.ts'
import { readPng } from '../../../media/read-png.ts'
import { readTiff } from '../../../media/read-tiff.ts'
import type { MediaKind } from '../../../media/recognize.ts'
import { Failure } from '../../../platform/failure.ts'
import { wrapCda, wrapPdf, wrapStl } from './wrap-document.ts'
import type { WrapFacts } from './wrap-facts.ts'
import { wrapFrames } from './wrap-frames.ts'
import { wrapJpeg } from './wrap-jpeg.ts'
import { wrapPictures } from './wrap-picture.ts'
import { wrapVideo } from './wrap-video.ts'
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
      return wrapVideo(source, await readMp4(source), facts)
    case 'mpeg':
      return wrapVideo(source, await readMpeg(source), facts)
    case 'avi':
      return wrapFrames(source, await readAvi(source), facts)
    case 'dicom':
    case 'zip':
      throw new Failure('MEDIA_UNKNOWN', `wrapping a file: ${kind} is not one of the kinds that are wrapped`)
  }
}
