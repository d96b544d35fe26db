import { attributeName } from '../../../dicom/vocabulary/attribute.ts'
import { PIXEL_DATA } from '../../../dicom/vocabulary/pixel-data.ts'
import { INSTANCE_UIDS, TAG } from '../../../dicom/vocabulary/tag.ts'
import { ElementWalk, type WalkedElement } from '../element/element-walk.ts'
import type { DeidProfile } from '../element/profile.ts'
import { withheld } from '../element/withheld.ts'

const UIDS: ReadonlySet<number> = new Set(INSTANCE_UIDS)
const PATIENT: ReadonlySet<number> = new Set([TAG.PatientName, TAG.PatientID])
/** Size of the image: its value stays. */
const SIZES: ReadonlySet<number> = new Set([TAG.NumberOfFrames, TAG.Rows, TAG.Columns])
/** The content of instances without pixels: Content, Waveform, ROI Contour, Dose Reference, Beam Sequence. */
const CONTENT: ReadonlySet<number> = new Set([
  TAG.ContentSequence,
  TAG.WaveformSequence,
  TAG.ROIContourSequence,
  TAG.DoseReferenceSequence,
  TAG.BeamSequence,
])
const LOOKED_AT: ReadonlySet<number> = new Set([...UIDS, ...PATIENT, ...SIZES, ...PIXEL_DATA, ...CONTENT])
const UID = /^[0-9.]{1,64}$/

/** Elements that a data set announces. */
type Announced = Map<number, WalkedElement>

interface OutputCheckOptions {
  /** Transfer syntax of the input; for deflated data sets, of the inflated one. */
  readonly transferSyntaxUid: string
  /** Elements that these rules remove or empty may be missing. */
  readonly rules: DeidProfile['rules']
  /** True if frames were decoded and encoded again; asked at the end. */
  readonly encodesFrames: () => boolean
}

/**
 * Compares the output of an edit with its input while both stream past: a copy leaves only if it is readable to its end
 * and contains everything that its original announces. It relies on nothing that the edit reports about itself.
 */
export class OutputCheck {
  readonly #options: OutputCheckOptions
  readonly #before: Announced = new Map()
  readonly #after: Announced = new Map()
  readonly #input: ElementWalk
  readonly #output: ElementWalk

  constructor(options: OutputCheckOptions) {
    this.#options = options
    this.#input = walkInto(this.#before, options.transferSyntaxUid)
    // An edit may encode pixels in another way, and never the elements.
    this.#output = walkInto(this.#after, options.transferSyntaxUid)
  }

  /** Takes the next bytes of the input. */
  took(bytes: Buffer): void {
    this.#input.push(bytes)
  }

  /** Takes the next bytes of the output. */
  gave(pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.#output.push(piece)
  }

  /** Throws DEID_WITHHELD if the copy is not whole. */
  finish(): void {
    const [before, after] = [this.#input.finish(true), this.#output.finish(false)]
    if (before !== undefined) throw withheld(`a second reading of its data set found ${before}`)
    if (after !== undefined) throw broken(`cannot be read to its end: a second reading found ${after}`)
    if (this.#output.disorder > this.#input.disorder) throw broken('has elements twice or in the wrong order')
    for (const tag of LOOKED_AT) this.#compare(tag)
  }

  #compare(tag: number): void {
    const [before, after] = [this.#before.get(tag), this.#after.get(tag)]
    if (after !== undefined && after.times > (before?.times ?? 1))
      throw broken(`contains ${nameOf(tag)} twice`)
    if (before === undefined || this.#mayGo(tag)) return
    if (after === undefined) throw broken(`lacks ${nameOf(tag)}`)
    if (!isEmpty(before) && isEmpty(after)) throw broken(`has an empty ${nameOf(tag)}`)
    const isOther = !before.value.equals(after.value)
    if (UIDS.has(tag) && isOther && !UID.test(textOf(after))) throw broken(`has no UID in ${nameOf(tag)}`)
    const isFixed = SIZES.has(tag) || tag === TAG.SOPClassUID
    if (isFixed && isOther) throw broken(`has another ${nameOf(tag)}`)
    if (PIXEL_DATA.has(tag)) this.#comparePixels(before, after)
  }

  #comparePixels(before: WalkedElement, after: WalkedElement): void {
    if ((before.fragments === undefined) !== (after.fragments === undefined))
      throw broken('has its pixel data in another form')
    if (this.#options.encodesFrames()) {
      const frames = Number(textOf(this.#before.get(TAG.NumberOfFrames)) || 1)
      if (after.fragments !== frames + 1) throw broken('has another number of frames')
    } else if (before.bytes !== after.bytes || before.fragments !== after.fragments)
      throw broken(`has ${after.bytes} bytes of pixel data instead of ${before.bytes}`)
  }

  /** Returns true if an own rule of the clinic may remove the element. */
  #mayGo(tag: number): boolean {
    return this.#options.rules.some(
      ({ path, action }) =>
        path.at(-1) === tag && path.length === 1 && (action === 'remove' || action === 'empty'),
    )
  }
}

function walkInto(announced: Announced, transferSyntaxUid: string): ElementWalk {
  return new ElementWalk({
    transferSyntaxUid,
    begins: (tag) => LOOKED_AT.has(tag),
    passed: (element) => {
      const before = announced.get(element.tag)
      if (before === undefined) announced.set(element.tag, element)
      else before.times++
    },
  })
}

const textOf = (element: WalkedElement | undefined): string =>
  element?.value.toString('latin1').replace(/[\0 ]+$/, '') ?? ''

const isEmpty = ({ tag, bytes, value }: WalkedElement): boolean =>
  bytes === 0 || ((UIDS.has(tag) || PATIENT.has(tag)) && value.every((byte) => byte === 0 || byte === 0x20))

const nameOf = (tag: number): string => attributeName(tag)

const broken = (found: string): Error =>
  withheld(`the copy made of it ${found}; this is a fault of the program, please report it`)
