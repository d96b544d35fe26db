/** How a data set is written down (PS3.5 §10). */
export interface TransferSyntax {
  readonly uid: string
  readonly vr: 'implicit' | 'explicit'
  readonly byteOrder: 'little' | 'big'
  /** The whole data set is a raw deflate stream (RFC 1951; PS3.5 §A.5). */
  readonly deflated: boolean
  /** Pixel data is in fragments (PS3.5 §A.4). */
  readonly encapsulated: boolean
}

/** The transfer syntaxes of PS3.6 Table A-1 by keyword, retired ones included: archives still send them. */
export const TRANSFER_SYNTAX = {
  ImplicitVRLittleEndian: '1.2.840.10008.1.2',
  ExplicitVRLittleEndian: '1.2.840.10008.1.2.1',
  EncapsulatedUncompressedExplicitVRLittleEndian: '1.2.840.10008.1.2.1.98',
  DeflatedExplicitVRLittleEndian: '1.2.840.10008.1.2.1.99',
  ExplicitVRBigEndian: '1.2.840.10008.1.2.2',
  JPEGBaseline8Bit: '1.2.840.10008.1.2.4.50',
  JPEGExtended12Bit: '1.2.840.10008.1.2.4.51',
  JPEGSpectralSelectionNonHierarchical68: '1.2.840.10008.1.2.4.53',
  JPEGFullProgressionNonHierarchical1012: '1.2.840.10008.1.2.4.55',
  JPEGLossless: '1.2.840.10008.1.2.4.57',
  JPEGLosslessSV1: '1.2.840.10008.1.2.4.70',
  JPEGLSLossless: '1.2.840.10008.1.2.4.80',
  JPEGLSNearLossless: '1.2.840.10008.1.2.4.81',
  JPEG2000Lossless: '1.2.840.10008.1.2.4.90',
  JPEG2000: '1.2.840.10008.1.2.4.91',
  JPEG2000MCLossless: '1.2.840.10008.1.2.4.92',
  JPEG2000MC: '1.2.840.10008.1.2.4.93',
  JPIPReferenced: '1.2.840.10008.1.2.4.94',
  JPIPReferencedDeflate: '1.2.840.10008.1.2.4.95',
  MPEG2MPML: '1.2.840.10008.1.2.4.100',
  MPEG2MPMLF: '1.2.840.10008.1.2.4.100.1',
  MPEG2MPHL: '1.2.840.10008.1.2.4.101',
  MPEG2MPHLF: '1.2.840.10008.1.2.4.101.1',
  MPEG4HP41: '1.2.840.10008.1.2.4.102',
  MPEG4HP41F: '1.2.840.10008.1.2.4.102.1',
  MPEG4HP41BD: '1.2.840.10008.1.2.4.103',
  MPEG4HP41BDF: '1.2.840.10008.1.2.4.103.1',
  MPEG4HP422D: '1.2.840.10008.1.2.4.104',
  MPEG4HP422DF: '1.2.840.10008.1.2.4.104.1',
  MPEG4HP423D: '1.2.840.10008.1.2.4.105',
  MPEG4HP423DF: '1.2.840.10008.1.2.4.105.1',
  MPEG4HP42STEREO: '1.2.840.10008.1.2.4.106',
  MPEG4HP42STEREOF: '1.2.840.10008.1.2.4.106.1',
  HEVCMP51: '1.2.840.10008.1.2.4.107',
  HEVCM10P51: '1.2.840.10008.1.2.4.108',
  JPEGXLLossless: '1.2.840.10008.1.2.4.110',
  JPEGXLJPEGRecompression: '1.2.840.10008.1.2.4.111',
  JPEGXL: '1.2.840.10008.1.2.4.112',
  HTJ2KLossless: '1.2.840.10008.1.2.4.201',
  HTJ2KLosslessRPCL: '1.2.840.10008.1.2.4.202',
  HTJ2K: '1.2.840.10008.1.2.4.203',
  JPIPHTJ2KReferenced: '1.2.840.10008.1.2.4.204',
  JPIPHTJ2KReferencedDeflate: '1.2.840.10008.1.2.4.205',
  RLELossless: '1.2.840.10008.1.2.5',
  DeflatedImageFrameCompression: '1.2.840.10008.1.2.8.1',
} as const

const KEYWORDS: ReadonlyMap<string, string> = new Map(
  Object.entries(TRANSFER_SYNTAX).map(([keyword, uid]) => [uid, keyword]),
)

/** The standard's keyword for a transfer syntax; undefined for a private or newer one. */
export function transferSyntaxName(uid: string): string | undefined {
  return KEYWORDS.get(uid)
}

/**
 * True if PS3.6 Table A-1 lists the transfer syntax, so that its UID says how a data set is written. A data set in any
 * other one shows that only by its own first element (probe-encoding.ts).
 */
export function isListedSyntax(uid: string): boolean {
  return KEYWORDS.has(uid)
}

/** The syntaxes other than explicit VR little endian with encapsulated pixel data (PS3.5 §A). */
const UNLIKE_THE_OTHERS = new Map<string, Partial<TransferSyntax>>([
  [TRANSFER_SYNTAX.ImplicitVRLittleEndian, { vr: 'implicit', encapsulated: false }],
  [TRANSFER_SYNTAX.ExplicitVRLittleEndian, { encapsulated: false }],
  [TRANSFER_SYNTAX.ExplicitVRBigEndian, { byteOrder: 'big', encapsulated: false }],
  [TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian, { deflated: true, encapsulated: false }],
  [TRANSFER_SYNTAX.JPIPReferenced, { encapsulated: false }],
  [TRANSFER_SYNTAX.JPIPReferencedDeflate, { deflated: true, encapsulated: false }],
  [TRANSFER_SYNTAX.JPIPHTJ2KReferenced, { encapsulated: false }],
  [TRANSFER_SYNTAX.JPIPHTJ2KReferencedDeflate, { deflated: true, encapsulated: false }],
])

/**
 * Returns the encoding that a UID means. For one that is private, or newer than this table, it is explicit VR little
 * endian with encapsulated pixel data, which the standard asks of every compressed syntax (PS3.5 §A.4): only a proposal,
 * see {@link isListedSyntax}.
 */
export function transferSyntax(uid: string): TransferSyntax {
  return {
    uid,
    vr: 'explicit',
    byteOrder: 'little',
    deflated: false,
    encapsulated: true,
    ...UNLIKE_THE_OTHERS.get(uid),
  }
}
