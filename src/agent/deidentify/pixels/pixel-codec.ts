import type dcmjsCodecs from 'dcmjs-codecs'
import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import { describe } from '../../../platform/failure.ts'
import { withheld } from '../element/withheld.ts'
import type { PixelImage } from './pixel-image.ts'

/** Decodes and encodes single frames of one image; the output is lossless. */
export interface FrameCodec {
  /** Transfer syntax of the encoded frames. */
  readonly transferSyntaxUid: string
  /** Photometric interpretation of decoded and of encoded frames. */
  readonly decodedPhotometricInterpretation: string
  readonly photometricInterpretation: string
  /** True if the source is certainly lossy, whether its attributes say so or not. */
  readonly isSurelyLossy: boolean
  /** Samples pixel by pixel, little endian. Both throw DEID_WITHHELD. */
  decode(frame: Buffer): Buffer
  encode(pixels: Buffer): Buffer
}

/** The JPEG family's codecs. */
export interface PixelCodecs {
  /** Returns undefined for an image that they do not support. */
  codecFor(transferSyntaxUid: string, image: PixelImage): FrameCodec | undefined
}

type Library = typeof dcmjsCodecs
type Native = Library['NativeCodecs']
/** Number of codecs held ready. */
const READY = 2
type Family = 'Jpeg' | 'JpegLs' | 'Jpeg2000' | 'HtJpeg2000'

interface Source {
  readonly family: Family
  readonly isLossy: boolean
  readonly output: { readonly family: Family; readonly transferSyntaxUid: string }
}

const JPEG_LOSSLESS = { family: 'Jpeg', transferSyntaxUid: TRANSFER_SYNTAX.JPEGLosslessSV1 } as const
const PROCESS_14 = { family: 'Jpeg', transferSyntaxUid: TRANSFER_SYNTAX.JPEGLossless } as const
const JPEG_LS = { family: 'JpegLs', transferSyntaxUid: TRANSFER_SYNTAX.JPEGLSLossless } as const
const JPEG_2000 = { family: 'Jpeg2000', transferSyntaxUid: TRANSFER_SYNTAX.JPEG2000Lossless } as const
const HTJ2K = { family: 'HtJpeg2000', transferSyntaxUid: TRANSFER_SYNTAX.HTJ2KLossless } as const

/**
 * Lossless frames keep their transfer syntax, except HTJ2K with RPCL order. Lossy frames are encoded again without
 * loss: JPEG as JPEG-LS, which takes about half the size of lossless JPEG, the others within their own family.
 */
const SOURCES: ReadonlyMap<string, Source> = new Map<string, Source>([
  [TRANSFER_SYNTAX.JPEGBaseline8Bit, { family: 'Jpeg', isLossy: true, output: JPEG_LS }],
  [TRANSFER_SYNTAX.JPEGExtended12Bit, { family: 'Jpeg', isLossy: true, output: JPEG_LS }],
  [
    TRANSFER_SYNTAX.JPEGSpectralSelectionNonHierarchical68,
    { family: 'Jpeg', isLossy: true, output: JPEG_LS },
  ],
  [
    TRANSFER_SYNTAX.JPEGFullProgressionNonHierarchical1012,
    { family: 'Jpeg', isLossy: true, output: JPEG_LS },
  ],
  [TRANSFER_SYNTAX.JPEGLossless, { family: 'Jpeg', isLossy: false, output: PROCESS_14 }],
  [TRANSFER_SYNTAX.JPEGLosslessSV1, { family: 'Jpeg', isLossy: false, output: JPEG_LOSSLESS }],
  [TRANSFER_SYNTAX.JPEGLSLossless, { family: 'JpegLs', isLossy: false, output: JPEG_LS }],
  [TRANSFER_SYNTAX.JPEGLSNearLossless, { family: 'JpegLs', isLossy: true, output: JPEG_LS }],
  [TRANSFER_SYNTAX.JPEG2000Lossless, { family: 'Jpeg2000', isLossy: false, output: JPEG_2000 }],
  // May be either; only its codestream shows which.
  [TRANSFER_SYNTAX.JPEG2000, { family: 'Jpeg2000', isLossy: false, output: JPEG_2000 }],
  [TRANSFER_SYNTAX.HTJ2KLossless, { family: 'HtJpeg2000', isLossy: false, output: HTJ2K }],
  [TRANSFER_SYNTAX.HTJ2KLosslessRPCL, { family: 'HtJpeg2000', isLossy: false, output: HTJ2K }],
  [TRANSFER_SYNTAX.HTJ2K, { family: 'HtJpeg2000', isLossy: false, output: HTJ2K }],
])

/**
 * Loads dcmjs-codecs 0.0.8, which takes about 0.2 s and 40 MB: once, at the start, if a profile has regions to mask.
 * Its codecs are WebAssembly: a hostile frame can damage only their own memory.
 */
export async function openPixelCodecs(): Promise<PixelCodecs> {
  const { default: library } = await import('dcmjs-codecs')
  library.log.setLevel('silent')
  const open = async (): Promise<Native> => {
    // Their state belongs to the class: a separate class has separate memory.
    const native = class extends library.NativeCodecs {}
    await native.initializeAsync()
    return native
  }
  return new NativePixelCodecs(library, open, [await open(), await open()])
}

class NativePixelCodecs implements PixelCodecs {
  readonly #library: Library
  readonly #open: () => Promise<Native>
  /** The first is used; the others replace it after a failure. */
  readonly #ready: Native[]
  #isOpening = false

  constructor(library: Library, open: () => Promise<Native>, ready: Native[]) {
    this.#library = library
    this.#open = open
    this.#ready = ready
  }

  codecFor(transferSyntaxUid: string, image: PixelImage): FrameCodec | undefined {
    const source = SOURCES.get(transferSyntaxUid)
    if (source === undefined || (image.bitsAllocated !== 8 && image.bitsAllocated !== 16)) return undefined
    const colour = coloursOf(source, image)
    if (colour === undefined) return undefined
    const { family, output } = source
    const [before, between] = [image.photometricInterpretation, colour.decoded]
    return {
      transferSyntaxUid: output.transferSyntaxUid,
      decodedPhotometricInterpretation: colour.decoded,
      photometricInterpretation: colour.written,
      isSurelyLossy: source.isLossy || before === 'YBR_ICT',
      decode: (frame) =>
        this.#decode(family, this.#context(image, before, { encodedBuffer: frame }), between !== before),
      encode: (pixels) => {
        const encoded = this.#encode(output.family, this.#context(image, between, { decodedBuffer: pixels }))
        const again = this.#context(image, colour.written, { encodedBuffer: encoded })
        if (this.#decode(output.family, again).equals(pixels)) return encoded
        throw withheld('its masked pixels cannot be encoded so that the same come out again')
      },
    }
  }

  #context(
    { rows, columns, bitsAllocated, bitsStored, samplesPerPixel, isSigned }: PixelImage,
    photometricInterpretation: string,
    buffers: { encodedBuffer: Buffer } | { decodedBuffer: Buffer },
  ): InstanceType<Library['Context']> {
    return new this.#library.Context({
      width: columns,
      height: rows,
      bitsAllocated,
      bitsStored,
      samplesPerPixel,
      pixelRepresentation: isSigned ? 1 : 0,
      planarConfiguration: 0,
      photometricInterpretation,
      ...buffers,
    })
  }

  #decode(family: Family, context: InstanceType<Library['Context']>, convertColorspaceToRgb = false): Buffer {
    return this.#run('decoding', (native) =>
      native[`decode${family}`](context, { convertColorspaceToRgb }).getDecodedBuffer(),
    )
  }

  #encode(family: Family, context: InstanceType<Library['Context']>): Buffer {
    const parameters = { lossy: false, predictor: 1, pointTransform: 0, allowedLossyError: 0 }
    return this.#run('encoding', (native) =>
      native[`encode${family}`](context, parameters).getEncodedBuffer(),
    )
  }

  #run(attempted: string, call: (native: Native) => Uint8Array | undefined): Buffer {
    try {
      const [native] = this.#ready
      if (native === undefined) throw new Error('the codecs are just being opened again')
      const bytes = call(native)
      if (bytes === undefined) throw new Error('nothing came out')
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    } catch (error) {
      // Their memory is corrupt now, and the next frame would fail too, or worse.
      this.#ready.shift()
      void this.#refill()
      throw withheld(`${attempted} a frame of its pixel data, which has to be masked: ${describe(error)}`)
    }
  }

  async #refill(): Promise<void> {
    if (this.#isOpening) return
    this.#isOpening = true
    try {
      while (this.#ready.length < READY) this.#ready.push(await this.#open())
    } catch {
      // There is no memory for more: the next call that needs them tries again.
    } finally {
      this.#isOpening = false
    }
  }
}

/**
 * Returns the photometric interpretation of decoded and of encoded frames; undefined for a combination that the
 * standard does not have (PS3.5 §8.2).
 */
function coloursOf(
  { family, isLossy }: Source,
  { samplesPerPixel, photometricInterpretation }: PixelImage,
): { decoded: string; written: string } | undefined {
  const same = { decoded: photometricInterpretation, written: photometricInterpretation }
  if (samplesPerPixel === 1) return same
  if (samplesPerPixel !== 3) return undefined
  switch (photometricInterpretation) {
    case 'RGB':
      return family === 'Jpeg2000' || family === 'HtJpeg2000' ? { decoded: 'RGB', written: 'YBR_RCT' } : same
    case 'YBR_FULL':
      // The encoder of HTJ2K treats any three samples as RGB.
      if (family === 'HtJpeg2000') return undefined
      return family === 'Jpeg' && isLossy ? { decoded: 'RGB', written: 'RGB' } : same
    case 'YBR_FULL_422':
      return family === 'Jpeg' && isLossy ? { decoded: 'RGB', written: 'RGB' } : undefined
    case 'YBR_RCT':
    case 'YBR_ICT':
      return family === 'Jpeg2000' || family === 'HtJpeg2000'
        ? { decoded: 'RGB', written: 'YBR_RCT' }
        : undefined
    default:
      return undefined
  }
}
