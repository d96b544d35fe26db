import { DataSetHeadScanner } from '../../../src/dicom/find/data-set-head.ts'
import type { StoreAnswer, StoreRequest, StoreSink } from '../../../src/dimse/association/association.ts'
import type { HostileCase } from './hostile-case.ts'

/** A fault of our own, planted to see that it is found. */
export type Defect = 'throws' | 'rejects' | 'loses' | 'hangs' | 'spins' | 'leaks' | 'prints' | 'misreads'

const leaked: Buffer[] = []

/** Keeps an instance, looks for its head as the agent does, and notices calls out of turn. */
export class HostileSink implements StoreSink {
  readonly messageId: number
  readonly #scanner: DataSetHeadScanner
  readonly #mood: HostileCase['sink']
  readonly #defect: Defect | undefined
  readonly #pieces: Buffer[] = []
  #isTaking = false
  lastCalls = 0
  isKept = false
  wrongCalls = 0

  constructor(request: StoreRequest, mood: HostileCase['sink'], defect: Defect | undefined) {
    this.messageId = request.messageId
    this.#scanner = new DataSetHeadScanner(request.transferSyntaxUid)
    this.#mood = mood
    this.#defect = defect
  }

  get dataSet(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  push(chunk: Buffer): Promise<void> | undefined {
    if (this.#isTaking || this.lastCalls > 0) this.wrongCalls++
    this.#scanner.push(chunk)
    if (this.#mood === 'throwing') throw new Error('a sink that throws')
    if (this.#mood === 'refusing') return Promise.reject(new Error('a sink that refuses'))
    if (this.#defect !== undefined && (chunk.length % 3 === 0 || this.#defect === 'leaks'))
      return this.#failAsPlanted(chunk)
    this.#pieces.push(chunk)
    return this.#mood === 'slow' ? this.#aTurnLater() : undefined
  }

  finish(): Promise<StoreAnswer> {
    this.lastCalls++
    if (this.#mood === 'throwing') return Promise.reject(new Error('a sink that throws'))
    if (this.#mood === 'refusing') return Promise.resolve({ status: 0xa700, errorComment: 'no \\ room\0' })
    this.isKept = true
    return Promise.resolve({ status: 0 })
  }

  discard(): void {
    this.lastCalls++
    void this.#scanner.head
  }

  async #aTurnLater(): Promise<void> {
    this.#isTaking = true
    await new Promise((resolve) => setImmediate(resolve))
    this.#isTaking = false
  }

  #failAsPlanted(chunk: Buffer): Promise<void> | undefined {
    switch (this.#defect) {
      case 'throws':
        process.nextTick(() => {
          throw new TypeError('a planted exception')
        })
        break
      case 'rejects':
        void Promise.reject(new TypeError('a planted rejection'))
        break
      case 'loses':
        this.#pieces.push(chunk.subarray(1))
        return undefined
      case 'hangs':
        return new Promise(() => {})
      case 'spins':
        while (chunk.length > 0);
        break
      case 'leaks':
        leaked.push(Buffer.alloc(400_000, 1))
        break
      case 'prints':
        process.stdout.write('a planted line')
        break
      // planted in a parser
      case 'misreads':
      case undefined:
    }
    this.#pieces.push(chunk)
    return undefined
  }
}
