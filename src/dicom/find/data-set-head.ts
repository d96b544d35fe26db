import { Failure } from '../../platform/failure.ts'
import type { DataSetToken } from '../read/data-set-token.ts'
import { contradictsSyntax } from '../read/declared-syntax.ts'
import { ITEM_HEADER_BYTES } from '../read/element-header.ts'
import { HeadInflater } from '../read/head-inflater.ts'
import { isZero } from '../read/zeros.ts'
import { TwofoldReading } from '../second-reading/twofold-reading.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { IdentifierSearch, type Identifiers } from './identifier-search.ts'

export interface DataSetHead extends Identifiers {
  /** The reason why the search did not reach its end, in words and without any value. */
  problem?: string
}

interface DataSetHeadLimits {
  /** Number of bytes of the data set that are searched; inflated bytes if it is deflated. */
  readonly bytes: number
}

/**
 * Real heads end within some 35 KiB. A search holds this number of bytes of each instance, and a hundred peers may need
 * one.
 */
const DEFAULT_LIMITS: DataSetHeadLimits = { bytes: 1024 * 1024 }
/**
 * Finds the routing identifiers of an instance in its data set (without Part 10 header) as it streams in. It stops at the
 * element after Series Instance UID, or, since not all devices write elements in order, at the pixel data if one of the four
 * UIDs is missing. If a device wrote a wrong length, the search continues with the elements that follow. Any input ends
 * in a `head`, never in an exception.
 */
export class DataSetHeadScanner {
  readonly #uid: string
  readonly #limitBytes: number
  readonly #reading: TwofoldReading
  readonly #first = new IdentifierSearch()
  readonly #second = new IdentifierSearch()
  readonly #inflater: HeadInflater | undefined
  #bytesLeft: number
  #problem: string | undefined
  #done = false
  #begun = false

  constructor(transferSyntaxUid: string, limits: DataSetHeadLimits = DEFAULT_LIMITS) {
    this.#uid = transferSyntaxUid
    this.#limitBytes = limits.bytes
    this.#bytesLeft = limits.bytes
    // No sequence needs to be opened for the identifiers, so a damaged private one is passed over unread.
    const options = { findSequences: false }
    const takeSecond = (token: DataSetToken): void => this.#second.take(token)
    this.#reading = new TwofoldReading(transferSyntaxUid, (token) => this.#take(token), takeSecond, options)
    this.#inflater = transferSyntax(transferSyntaxUid).deflated ? new HeadInflater(limits.bytes) : undefined
  }

  /** Returns true if no more bytes are needed; further bytes are ignored. */
  push(chunk: Buffer): boolean {
    if (this.#done) return true
    this.#untilBroken(() => {
      if (this.#inflater === undefined) this.#search(chunk)
      else this.#inflater.push(chunk, (inflated) => this.#search(inflated))
    })
    return this.#done
  }

  /** The identifiers found; available once {@link push} has returned true or all has been pushed. */
  get head(): Readonly<DataSetHead> {
    if (!this.#done) {
      this.#untilBroken(() => this.#inflater?.flush((inflated) => this.#search(inflated)))
      this.#reading.finish()
      this.#reading.finishSecond()
    }
    this.#forgetCutValue()
    const { found, hasAll } = this.#first
    const foundAgain = hasAll ? {} : this.#second.found
    const problem = this.#problem ?? this.#first.problem ?? (hasAll ? undefined : this.#second.problem)
    return { ...found, ...foundAgain, ...found, ...(problem !== undefined && { problem }) }
  }

  /** A length that is too short leaves the rest of a UID at the place of the next element. */
  #forgetCutValue(): void {
    const { lastPlausible, byteAfterLast } = this.#reading
    if (lastPlausible !== undefined && byteAfterLast !== undefined && isOfUid(byteAfterLast))
      this.#first.forget(lastPlausible.tag)
  }

  /** A data set may not be deflated although it says so. */
  #untilBroken(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#stop(error.message)
    }
  }

  #search(bytes: Buffer): boolean {
    if (this.#done) return true
    const part = bytes.subarray(0, this.#bytesLeft)
    this.#bytesLeft -= part.length
    this.#reading.push(part)
    const { failure } = this.#reading
    // A failure behind the end of the search is seen only if its bytes come in the same piece.
    if (failure !== undefined && !this.#first.isOver && !this.#first.hasAll) this.#note(failure.message)
    if (this.#isOver()) this.#stop()
    if (this.#bytesLeft === 0 && !this.#done && this.#first.hasAll) this.#stop()
    if (this.#bytesLeft === 0 && !this.#done)
      this.#stop(`the first ${this.#limitBytes} bytes do not hold all four UIDs`)
    return this.#done
  }

  /**
   * Elements after the identifiers do not matter to this search. Each reading ends its own search, and both must have
   * ended if the first one lacks a UID and is in doubt: the answer then does not depend on the pieces in which a data
   * set arrives.
   */
  #isOver(): boolean {
    const isInDoubt = this.#first.hasAll && this.#reading.isDoubtful
    if (!this.#first.isOver && this.#reading.failure === undefined && !isInDoubt) return false
    return this.#first.hasAll || !this.#reading.isDoubtful || this.#second.isOver
  }

  #take(token: DataSetToken): void {
    // The same token ends the search in whatever pieces the data set comes.
    if (this.#first.hasAll && this.#reading.isDoubtful) this.#first.end()
    if (this.#first.isOver) return
    // Without zeros it is a header that the end of the pushed bytes has cut off.
    if (token.kind === 'rest' && beginsWithZeros(token.bytes))
      this.#note(this.#begun ? 'zeros within the data set' : 'zeros where the data set begins')
    if (token.kind === 'element' && !this.#begun) {
      this.#begun = true
      const contradiction = contradictsSyntax(token, this.#uid)
      if (contradiction !== undefined) {
        this.#note(`reading a data set: ${contradiction}`)
        return this.#first.end()
      }
    }
    this.#first.take(token)
  }

  #note(problem: string): void {
    this.#problem ??= problem
  }

  #stop(problem?: string): void {
    this.#done = true
    if (problem !== undefined) this.#note(problem)
  }
}

const beginsWithZeros = (bytes: Buffer): boolean =>
  bytes.length >= ITEM_HEADER_BYTES && isZero(bytes.subarray(0, ITEM_HEADER_BYTES))

/** Returns true for a digit or a dot. */
const isOfUid = (byte: number): boolean => byte === 0x2e || (byte >= 0x30 && byte <= 0x39)
