import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { UNDEFINED_LENGTH } from '../../../dicom/read/data-set-token.ts'
import { encodingOf } from '../../../dicom/read/element-header.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../../dicom/vocabulary/transfer-syntax.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { PixelRegion } from '../element/profile.ts'
import { withheld } from '../element/withheld.ts'
import { type FrameMasking, MaskedFrames } from './mask-frames.ts'
import { maskNative, nativeLayout } from './mask-native.ts'
import { clipRegions } from './mask-regions.ts'
import { rleMasking } from './mask-rle.ts'
import type { FrameCodec, PixelCodecs } from './pixel-codec.ts'
import { type PixelImage } from './pixel-image.ts'
import { type PixelTreatment, roleInPixelGroup } from './pixel-treatment.ts'

/** Blackens regions in every frame; throws DEID_WITHHELD if that is not possible, at once or as the pixels pass. */
export function maskedPixels(
  image: PixelImage,
  regions: readonly PixelRegion[],
  transferSyntaxUid: string,
  codecs: PixelCodecs | undefined,
): PixelTreatment {
  const within = clipRegions(regions, image)
  // A rule for images of another size would leave the names visible.
  if (within.length < regions.length)
    throw withheld(
      'a region of the pixel rule that covers it lies outside its pixels; the rule is for another size',
    )
  return transferSyntax(transferSyntaxUid).encapsulated
    ? maskedFrames(image, within, transferSyntaxUid, codecs)
    : maskedNative(image, within, transferSyntaxUid)
}

function maskedNative(
  image: PixelImage,
  regions: readonly PixelRegion[],
  transferSyntaxUid: string,
): PixelTreatment {
  const { littleEndian } = encodingOf(transferSyntax(transferSyntaxUid))
  const layout = nativeLayout(image, littleEndian)
  if (layout === undefined) throw unmaskable(image, transferSyntaxUid)
  const valueBytes = layout.frameBytes * image.frames
  return {
    areClean: true,
    encodesFrames: false,
    transferSyntaxUid,
    adapt: () => {},
    treat: ({ tag, vr, holds, length }) => {
      const role = roleInPixelGroup(tag)
      if (role !== 'pixels') return role === undefined ? 'remove' : 'keep'
      if (holds !== 'value' || length !== valueBytes + (valueBytes % 2))
        throw withheld('its pixel data, which has to be masked, has another length than its attributes say')
      return maskNative(layout, regions, !littleEndian && vr !== 'OB' && image.bitsAllocated === 8)
    },
  }
}

function maskedFrames(
  image: PixelImage,
  regions: readonly PixelRegion[],
  transferSyntaxUid: string,
  codecs: PixelCodecs | undefined,
): PixelTreatment {
  const isRle = transferSyntaxUid === TRANSFER_SYNTAX.RLELossless
  const codec = isRle ? undefined : codecs?.codecFor(transferSyntaxUid, image)
  const masking = isRle ? rleMasking(image, regions) : codecMasking(image, regions, codec)
  if (masking === undefined) throw unmaskable(image, transferSyntaxUid)
  return {
    areClean: true,
    encodesFrames: true,
    transferSyntaxUid: codec?.transferSyntaxUid ?? transferSyntaxUid,
    adapt: (head) => codec && describeEncoded(head, image, codec),
    treat: ({ tag, length }) => {
      // Offset tables and the group's length are no longer valid.
      if (tag !== TAG.PixelData) return 'remove'
      if (length !== UNDEFINED_LENGTH) throw unmaskable(image, transferSyntaxUid)
      return new MaskedFrames(masking)
    },
  }
}

function codecMasking(
  image: PixelImage,
  regions: readonly PixelRegion[],
  codec: FrameCodec | undefined,
): FrameMasking | undefined {
  if (codec === undefined) return undefined
  const photometricInterpretation = codec.decodedPhotometricInterpretation
  const layout = nativeLayout({ ...image, photometricInterpretation, isPlanar: false }, true)
  return layout && { frames: image.frames, regions, layout, isFragmentAFrame: false, codec }
}

/** Updates the description of the pixels after they were encoded again; an earlier loss stays recorded. */
function describeEncoded(head: ElementList, image: PixelImage, codec: FrameCodec): void {
  const { photometricInterpretation, isSurelyLossy } = codec
  if (photometricInterpretation !== image.photometricInterpretation)
    head.set(TAG.PhotometricInterpretation, 'CS', Buffer.from(photometricInterpretation))
  if (image.isPlanar) head.set(TAG.PlanarConfiguration, 'US', Buffer.alloc(2))
  if (isSurelyLossy) head.set(TAG.LossyImageCompression, 'CS', Buffer.from('01'))
}

function unmaskable({ bitsAllocated }: PixelImage, transferSyntaxUid: string): Failure {
  return withheld(
    `its pixel data has to be masked, which is not known how to do in transfer syntax ${transferSyntaxUid} ` +
      `with its colours and ${bitsAllocated} bits`,
  )
}
