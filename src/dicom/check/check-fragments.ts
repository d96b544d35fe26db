import type { Finding } from './check-findings.ts'

/** An offset table is held up to this size: a hundred thousand frames have 400 KB. */
const TABLE_LIMIT_BYTES = 1024 * 1024
const ITEM_HEADER_BYTES = 8

/** One fragment may hold all frames of a video (PS3.5 §8.2.5 and following). */
const VIDEO = /^1\.2\.840\.10008\.1\.2\.4\.10[0-8](?:\.1)?$/

/**
 * Follows the fragments of encapsulated pixel data after the basic offset table (PS3.5 §A.4), which must point, in
 * order, to positions where a fragment begins. Only the table is held.
 */
export class FragmentCheck {
  #pieces: Buffer[] | undefined = []
  #tableBytes = 0
  #offsets: number[] = []
  #isTableOdd = false
  #isTableSkipped = false
  /** Number of offsets found so far. */
  #met = 0
  #fragments = 0
  #position = 0

  /** Takes the beginning of a fragment with this length; the first is the table. */
  begin(length: number): void {
    if (this.#pieces !== undefined) {
      this.#tableBytes = length
      this.#isTableSkipped = length > TABLE_LIMIT_BYTES
      return
    }
    if (this.#offsets[this.#met] === this.#position) this.#met++
    this.#fragments++
    this.#position += ITEM_HEADER_BYTES + length
  }

  takeValue(bytes: Buffer, last: boolean): void {
    if (this.#pieces === undefined) return
    if (!this.#isTableSkipped && bytes.length > 0) this.#pieces.push(last ? bytes : Buffer.from(bytes))
    if (!last) return
    const table = Buffer.concat(this.#pieces)
    this.#pieces = undefined
    this.#isTableOdd = this.#tableBytes % 4 !== 0
    for (let at = 0; at + 4 <= table.length; at += 4) this.#offsets.push(table.readUInt32LE(at))
  }

  /** `frames`: their described number; undefined if unknown. */
  findings(transferSyntaxUid: string, frames: number | undefined): Finding[] {
    const isVideo = VIDEO.test(transferSyntaxUid)
    const findings: Finding[] = []
    if (this.#fragments < (isVideo ? 1 : (frames ?? 1))) findings.push('framesMissing')
    const isOtherCount =
      frames !== undefined && !isVideo && this.#offsets.length > 0 && this.#offsets.length !== frames
    if (this.#isTableOdd || isOtherCount || this.#met < this.#offsets.length) findings.push('offsetTable')
    return findings
  }
}
