import { Failure } from '../platform/failure.ts'
import { isPrivate } from './attribute.ts'
import { DataSetReader, type DataSetReaderOptions } from './data-set-reader.ts'
import type { DataSetToken, ElementToken } from './data-set-token.ts'
import { type Encoding, encodingOf } from './element-header.ts'
import { isPlausible } from './plausible-element.ts'
import { RecentBytes } from './recent-bytes.ts'
import { type Doubt, doubtOf, type Ending, SecondReading } from './second-reading.ts'
import { transferSyntax } from './transfer-syntax.ts'

const FROM_THE_BEGINNING: Doubt = { tag: 0, isSequence: false, valueBytes: undefined }

/**
 * Reads a data set as it is written, and a second time from the place on where that becomes doubtful: an element that cannot
 * follow, or bytes that are no element. Each reading has its own taker of tokens. Never throws: the first reading ends with
 * a failure, and the second one goes on.
 */
export class TwofoldReading {
  readonly #uid: string
  readonly #options: DataSetReaderOptions
  readonly #reader: DataSetReader
  readonly #takeSecond: (token: DataSetToken) => void
  readonly #recent = new RecentBytes()
  #last: ElementToken | undefined
  #openSequences = 0
  #second: SecondReading | undefined
  #failure: Failure | undefined

  constructor(
    transferSyntaxUid: string,
    takeFirst: (token: DataSetToken) => void,
    takeSecond: (token: DataSetToken) => void,
    options: DataSetReaderOptions = {},
  ) {
    this.#uid = transferSyntaxUid
    this.#options = options
    this.#takeSecond = takeSecond
    const take = (token: DataSetToken): void => {
      this.#watch(token)
      takeFirst(token)
    }
    this.#reader = new DataSetReader(transferSyntaxUid, take, options)
  }

  /** Why the first reading has ended: DATA_SET_UNREADABLE; undefined while it goes on. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** True if a second reading has begun. */
  get isDoubtful(): boolean {
    return this.#second !== undefined
  }

  /** The last element of the data set itself that could follow the one before it. */
  get lastPlausible(): ElementToken | undefined {
    return this.#last
  }

  /** How the data set is written, as far as that is known. */
  get encoding(): Encoding {
    return this.#reader.encoding ?? encodingOf(transferSyntax(this.#uid))
  }

  push(bytes: Buffer): void {
    this.#second?.push(bytes)
    if (this.#second === undefined) this.#recent.push(bytes)
    if (this.#failure === undefined) this.#try(() => this.#reader.push(bytes))
  }

  /** All has been pushed. Returns why the first reading did not come to an end, or undefined if it did. */
  finish(): Failure | undefined {
    if (this.#failure === undefined) this.#try(() => this.#reader.finish())
    return this.#failure
  }

  /** How the second reading ended; undefined if there was no doubt. To be asked after {@link finish}. */
  finishSecond(): Ending | undefined {
    return this.#second?.finish()
  }

  #try(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#failure = error
      this.#doubt()
    }
  }

  #watch(token: DataSetToken): void {
    if (this.#second !== undefined) return
    if (token.kind === 'sequenceEnd') this.#openSequences--
    if (token.kind === 'rest') this.#doubt()
    if (token.kind !== 'element') return
    if (token.depth === 0) {
      if (!isPlausible(token, this.#last?.tag ?? 0)) return this.#doubt()
      if (!isPrivate(token.tag)) this.#trust(token)
    }
    if (token.holds === 'items') this.#openSequences++
  }

  #trust(element: ElementToken): void {
    this.#last = element
    this.#recent.keepFrom(element.offset + element.bytes.length)
  }

  /** Begins the second reading with the value that was read last. */
  #doubt(): void {
    if (this.#second !== undefined) return
    const last = this.#last
    const bytes = this.#recent.from(last === undefined ? 0 : last.offset + last.bytes.length)
    if (bytes === undefined) return
    const doubt = last === undefined ? FROM_THE_BEGINNING : doubtOf(last, this.#openSequences > 0)
    this.#second = new SecondReading(this.#uid, this.encoding, doubt, this.#takeSecond, this.#options)
    this.#second.push(bytes)
  }
}
