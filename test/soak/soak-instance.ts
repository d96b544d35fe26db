import { createCipheriv, createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import {
  TRANSFER_SYNTAX,
  type TransferSyntax,
  transferSyntax,
} from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { hasShortLength } from '../../src/dicom/vocabulary/value-representation.ts'
import type { RawInstance } from '../support/peers/send-instances.ts'

/** The values that make one instance again, byte for byte, together with the seed. */
export interface Recipe {
  readonly number: number
  readonly study: number
  /** 0; a higher one has the same UIDs and other bytes. */
  readonly version: number
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  readonly modality: string
  readonly contentBytes: number
}

/** A private class of one maker. */
export const PRIVATE_SOP_CLASS_UID = '1.3.12.2.1107.5.9.1'

export const SOAK_KINDS: readonly Pick<Recipe, 'sopClassUid' | 'transferSyntaxUid' | 'modality'>[] = [
  ['CT', '1.2.840.10008.5.1.4.1.1.2', TRANSFER_SYNTAX.ExplicitVRLittleEndian],
  ['CT', '1.2.840.10008.5.1.4.1.1.2', TRANSFER_SYNTAX.JPEGLosslessSV1],
  ['MR', '1.2.840.10008.5.1.4.1.1.4', TRANSFER_SYNTAX.ImplicitVRLittleEndian],
  ['MR', '1.2.840.10008.5.1.4.1.1.4', TRANSFER_SYNTAX.RLELossless],
  ['DX', '1.2.840.10008.5.1.4.1.1.1.1', TRANSFER_SYNTAX.JPEG2000Lossless],
  ['CR', '1.2.840.10008.5.1.4.1.1.1', TRANSFER_SYNTAX.ExplicitVRBigEndian],
  ['US', '1.2.840.10008.5.1.4.1.1.3.1', TRANSFER_SYNTAX.JPEGBaseline8Bit],
  ['ES', '1.2.840.10008.5.1.4.1.1.77.1.1.1', TRANSFER_SYNTAX.MPEG4HP41],
  ['DOC', '1.2.840.10008.5.1.4.1.1.104.1', TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian],
  ['OT', '1.2.840.10008.5.1.4.1.1.7', TRANSFER_SYNTAX.ExplicitVRLittleEndian],
  ['OT', PRIVATE_SOP_CLASS_UID, TRANSFER_SYNTAX.ImplicitVRLittleEndian],
].map(([modality = '', sopClassUid = '', transferSyntaxUid = '']) => ({
  modality,
  sopClassUid,
  transferSyntaxUid,
}))

export const LARGEST_CONTENT_BYTES = 4 * 1024 * 1024

const NOISE_BYTES = 4 * LARGEST_CONTENT_BYTES
const FRAGMENT_BYTES = 65_536
const UNDEFINED_LENGTH = 0xffffffff
/** Wang^XiaoMing=王^小明 in GB18030: no one's name, as many Chinese devices would write it. */
const PATIENT_NAME = Buffer.concat([Buffer.from('Wang^XiaoMing='), Buffer.from('cdf55ed0a1c3f7', 'hex')])

/** Makes instances of invented patients from their recipes. */
export class InstanceMaker {
  readonly #seed: string
  readonly #noise: Buffer

  constructor(seed: string) {
    this.#seed = seed
    const key = createHash('sha256').update(seed).digest().subarray(0, 16)
    this.#noise = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(NOISE_BYTES))
  }

  sopInstanceUid(recipe: Recipe): string {
    return this.#uid('instance', recipe.number)
  }

  make(recipe: Recipe): RawInstance {
    const { sopClassUid, transferSyntaxUid } = recipe
    const sopInstanceUid = this.sopInstanceUid(recipe)
    const syntax = transferSyntax(transferSyntaxUid)
    const written = Buffer.concat([
      element(syntax, 0x00080005, 'CS', 'GB18030'),
      element(syntax, 0x00080016, 'UI', sopClassUid),
      element(syntax, 0x00080018, 'UI', sopInstanceUid),
      element(syntax, 0x00080060, 'CS', recipe.modality),
      element(syntax, 0x00100010, 'PN', PATIENT_NAME),
      element(syntax, 0x0020000d, 'UI', this.#uid('study', recipe.study)),
      element(syntax, 0x0020000e, 'UI', this.#uid('series', recipe.study)),
      element(syntax, 0x00200013, 'IS', String(recipe.number)),
      ...pixelData(syntax, this.#content(recipe)),
    ])
    const dataSet = syntax.deflated ? deflateRawSync(written, { level: 1 }) : written
    return { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet }
  }

  /** Another piece of the noise for every number and version. */
  #content({ number, version, contentBytes }: Recipe): Buffer {
    const start = (2 * (number * 104_729 + version * 7_919)) % (NOISE_BYTES - LARGEST_CONTENT_BYTES)
    return this.#noise.subarray(start, start + contentBytes - (contentBytes % 2))
  }

  /** A UID under the root for UUIDs (PS3.5 §B.2), the same whenever the seed is. */
  #uid(what: string, number: number): string {
    const digest = createHash('sha256').update(`${this.#seed} ${what} ${number}`).digest('hex')
    return `2.25.${BigInt(`0x${digest.slice(0, 32)}`)}`
  }
}

/** As one value, or where the syntax wants it so in fragments behind an empty offset table (PS3.5 §A.4). */
function pixelData(syntax: TransferSyntax, content: Buffer): Buffer[] {
  if (!syntax.encapsulated) return [element(syntax, 0x7fe00010, 'OW', content)]
  const fragments = Array.from({ length: Math.ceil(content.length / FRAGMENT_BYTES) }, (_, i) =>
    content.subarray(i * FRAGMENT_BYTES, (i + 1) * FRAGMENT_BYTES),
  )
  return [
    header(syntax, 0x7fe00010, 'OB', UNDEFINED_LENGTH),
    item(0xfffee000, 0),
    ...fragments.flatMap((fragment) => [item(0xfffee000, fragment.length), fragment]),
    item(0xfffee0dd, 0),
  ]
}

/** Values have an even length: UIDs padded with NUL, text with a space (PS3.5 §6.2). */
function element(syntax: TransferSyntax, tag: number, vr: string, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value)
  const padding = Buffer.from(bytes.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' ')
  return Buffer.concat([header(syntax, tag, vr, bytes.length + padding.length), bytes, padding])
}

/** PS3.5 §7.1.2 and §7.1.3. */
function header(syntax: TransferSyntax, tag: number, vr: string, length: number): Buffer {
  const isExplicit = syntax.vr === 'explicit'
  const bytes = Buffer.alloc(isExplicit && !hasShortLength(vr) ? 12 : 8)
  const isLittle = syntax.byteOrder === 'little'
  const write16 = (value: number, at: number): number =>
    isLittle ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
  write16(tag >>> 16, 0)
  write16(tag & 0xffff, 2)
  if (isExplicit) bytes.write(vr, 4, 'latin1')
  if (isExplicit && hasShortLength(vr)) write16(length, 6)
  else if (isLittle) bytes.writeUInt32LE(length, bytes.length - 4)
  else bytes.writeUInt32BE(length, bytes.length - 4)
  return bytes
}

function item(tag: number, length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(tag >>> 16, 0)
  bytes.writeUInt16LE(tag & 0xffff, 2)
  bytes.writeUInt32LE(length, 4)
  return bytes
}
