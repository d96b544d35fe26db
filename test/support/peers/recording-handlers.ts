import { createHash } from 'node:crypto'
import type {
  AssociationAnswer,
  AssociationEnd,
  AssociationRequest,
  StoreAnswer,
  StoreRequest,
  StoreSink,
} from '../../../src/dimse/association/association.ts'
import type { AssociationHandlers } from '../../../src/dimse/association/association-handlers.ts'
import type { Failure } from '../../../src/platform/failure.ts'

/** One instance as it came in. */
class RecordingSink implements StoreSink {
  readonly request: StoreRequest
  readonly #handlers: RecordingHandlers
  readonly #hash = createHash('sha256')
  byteLength = 0
  isFinished = false
  discarded: Failure | undefined

  constructor(request: StoreRequest, handlers: RecordingHandlers) {
    this.request = request
    this.#handlers = handlers
  }

  push(chunk: Buffer): Promise<void> | undefined {
    this.#hash.update(chunk)
    this.byteLength += chunk.length
    return this.#handlers.written(chunk)
  }

  async finish(): Promise<StoreAnswer> {
    this.#last()
    this.isFinished = true
    const answer = (await this.#handlers.onFinish?.(this)) ?? { status: 0 }
    return answer
  }

  discard(reason: Failure): void {
    this.#last()
    this.discarded = reason
  }

  /** The SHA-256 of what came in; callable once. */
  sha256(): string {
    return this.#hash.digest('hex')
  }

  #last(): void {
    if (this.isFinished || this.discarded !== undefined) throw new Error('a sink has had its last call twice')
  }
}

/** Accepts every context in its first transfer syntax and keeps what happens; tests hang their own doings on it. */
export class RecordingHandlers implements AssociationHandlers {
  readonly requests: AssociationRequest[] = []
  readonly sinks: RecordingSink[] = []
  readonly ends: AssociationEnd[] = []
  readonly #written = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  onAnswer: ((request: AssociationRequest) => AssociationAnswer) | undefined
  onWrite: ((chunk: Buffer) => Promise<void> | undefined) | undefined
  onFinish: ((sink: RecordingSink) => Promise<StoreAnswer>) | undefined
  /** N-ACTION and its like are not served until a test sets a handler. */
  request?: NonNullable<AssociationHandlers['request']>

  /** Resolves when the first bytes of an instance have come in. */
  get firstWrite(): Promise<void> {
    return this.#written.promise
  }

  /** Resolves when the first association has ended. */
  get firstEnd(): Promise<void> {
    return this.#ended.promise
  }

  answer(request: AssociationRequest): AssociationAnswer {
    this.requests.push(request)
    return this.onAnswer === undefined ? acceptAll(request) : this.onAnswer(request)
  }

  store(request: StoreRequest): StoreSink {
    const sink = new RecordingSink(request, this)
    this.sinks.push(sink)
    return sink
  }

  written(chunk: Buffer): Promise<void> | undefined {
    this.#written.resolve()
    return this.onWrite?.(chunk)
  }

  ended(_association: AssociationRequest, end: AssociationEnd): void {
    this.ends.push(end)
    this.#ended.resolve()
  }
}

export function acceptAll({ contexts }: AssociationRequest): AssociationAnswer {
  return {
    accept: true,
    contexts: new Map(
      contexts.map(({ id, transferSyntaxUids: [first] }) => [
        id,
        first === undefined ? { refused: 'transfer-syntaxes' } : { transferSyntaxUid: first },
      ]),
    ),
  }
}
