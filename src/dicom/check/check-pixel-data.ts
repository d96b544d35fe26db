import type { ElementToken } from '../read/data-set-token.ts'
import type { Encoding } from '../read/element-header.ts'
import { PIXEL_DATA } from '../vocabulary/pixel-data.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { isListedSyntax, type TransferSyntax } from '../vocabulary/transfer-syntax.ts'
import type { Finding } from './check-findings.ts'
import { FragmentCheck } from './check-fragments.ts'

const NUMBERS: ReadonlySet<Tag> = new Set([TAG.SamplesPerPixel, TAG.Rows, TAG.Columns, TAG.BitsAllocated])

/** Samples that a native pixel takes on average if chrominance is subsampled (PS3.3 §C.7.6.3.1.2). */
const SUBSAMPLED: ReadonlyMap<string, number> = new Map([
  ['YBR_FULL_422', 2],
  ['YBR_PARTIAL_422', 2],
  ['YBR_PARTIAL_420', 1.5],
])

/** Compares the pixel data of a data set with its description. It neither decodes nor reads pixels. */
export class PixelCheck {
  readonly #syntax: TransferSyntax
  readonly #numbers = new Map<Tag, number>()
  #photometricInterpretation = ''
  #frames: number | undefined = 1
  #isElsewhere = false
  /** The pixel data of the data set itself; an icon in a sequence is not checked. */
  #pixelData: ElementToken | undefined
  #state: 'before' | 'within' | 'behind' = 'before'
  readonly #fragments = new FragmentCheck()

  constructor(syntax: TransferSyntax) {
    this.#syntax = syntax
  }

  /** Returns true if the value of this element of the data set itself is needed. */
  wants(tag: Tag): boolean {
    if (tag >>> 16 !== 0x0028) return false
    return (
      NUMBERS.has(tag) ||
      tag === TAG.PhotometricInterpretation ||
      tag === TAG.NumberOfFrames ||
      tag === TAG.PixelDataProviderURL
    )
  }

  take(tag: Tag, value: Buffer, { littleEndian }: Encoding): void {
    if (tag === TAG.PhotometricInterpretation)
      this.#photometricInterpretation = value.toString('latin1').replace(/[\0 ]+$/, '')
    else if (tag === TAG.NumberOfFrames) this.#frames = framesOf(value)
    else if (tag === TAG.PixelDataProviderURL) this.#isElsewhere = true
    else if (value.length >= 2)
      this.#numbers.set(tag, littleEndian ? value.readUInt16LE() : value.readUInt16BE())
  }

  get state(): 'before' | 'within' | 'behind' {
    return this.#state
  }

  /** Takes the beginning of an element; only pixel data of the data set itself counts. */
  begin(element: ElementToken): void {
    if (element.depth > 0 || !PIXEL_DATA.has(element.tag)) return
    this.#pixelData ??= element
    this.#state = 'within'
  }

  beginFragment(length: number): void {
    if (this.#state === 'within') this.#fragments.begin(length)
  }

  /** Takes bytes of a fragment, or of native pixel data. */
  takeValue(bytes: Buffer, last: boolean): void {
    if (this.#state !== 'within') return
    if (this.#pixelData?.holds === 'fragments') this.#fragments.takeValue(bytes, last)
    else if (last) this.#state = 'behind'
  }

  endFragments(): void {
    if (this.#state === 'within') this.#state = 'behind'
  }

  /** `isWhole`: the data set could be read to its end. */
  findings(isWhole: boolean): Finding[] {
    const [rows = 0, columns = 0, bits = 0] = [TAG.Rows, TAG.Columns, TAG.BitsAllocated].map((tag) =>
      this.#numbers.get(tag),
    )
    const isDescribed = rows > 0 && columns > 0 && bits > 0
    if (this.#pixelData === undefined)
      return isDescribed && isWhole && !this.#isElsewhere ? ['pixelMissing'] : []
    // Form, length and fragments depend on the transfer syntax, which is unknown here.
    if (!isListedSyntax(this.#syntax.uid)) return isDescribed ? [] : ['pixelDescription']
    const findings: Finding[] = []
    const isFragmented = this.#pixelData.holds === 'fragments'
    if (isFragmented !== this.#mayFragment()) findings.push('pixelForm')
    if (!isDescribed || this.#frames === undefined) findings.push('pixelDescription')
    else if (!isFragmented && !this.#hasLength(rows * columns * bits * this.#frames))
      findings.push('pixelLength')
    if (isFragmented && this.#state === 'behind')
      findings.push(...this.#fragments.findings(this.#syntax.uid, this.#frames))
    return findings
  }

  #mayFragment(): boolean {
    return this.#syntax.encapsulated && this.#pixelData?.tag === TAG.PixelData
  }

  /** Bits of one sample of every pixel, in whole bytes, filled up to an even length (PS3.5 §8.1.1 and §8.2). */
  #hasLength(bitsOfOneSample: number): boolean {
    const samples = this.#numbers.get(TAG.SamplesPerPixel) ?? 1
    const taken = samples === 3 ? (SUBSAMPLED.get(this.#photometricInterpretation) ?? 3) : samples
    const bytes = Math.ceil((bitsOfOneSample * taken) / 8)
    const length = this.#pixelData?.length
    return length === bytes || length === bytes + (bytes % 2)
  }
}

/** Returns undefined for a value that is not a number of frames. Empty counts as absent: one frame. */
function framesOf(value: Buffer): number | undefined {
  const text = value.toString('latin1').replaceAll(/[\0 ]/g, '')
  if (text === '') return 1
  return /^\+?\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined
}
