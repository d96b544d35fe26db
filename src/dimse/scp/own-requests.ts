import type { Clock, Timer } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { OutgoingRequest, ServiceAnswer } from '../association/service.ts'
import { encodeServiceRequest } from '../association/service-command.ts'
import { type CommandSet, isResponse } from '../wire/command-set.ts'
import { encodeMessage } from '../wire/encode-message.ts'

interface OwnRequestsOptions {
  readonly write: (bytes: Buffer) => Promise<void>
  readonly clock: Clock
  /** Time limit for the peer's answer. */
  readonly answerMs: number
  readonly peerMaxPduLength: number
}

interface Pending extends PromiseWithResolvers<ServiceAnswer> {
  readonly contextId: number
  readonly messageId: number
  readonly bytes: Buffer
  timer: Timer | undefined
  isSent: boolean
}

/**
 * Our requests on an association that the peer has opened, one at a time. Each waits until the peer is owed no answer:
 * many devices accept no other message while they wait for a response.
 */
export class OwnRequests {
  readonly #options: OwnRequestsOptions
  #pending: Pending | undefined
  #messageId = 0
  #isPeerWaiting = true
  #over: Failure | undefined

  constructor(options: OwnRequestsOptions) {
    this.#options = options
  }

  /** True if a request can be sent, now or after the peer has got its answer. */
  get isOpen(): boolean {
    return this.#over === undefined && this.#pending === undefined
  }

  async perform(contextId: number, request: OutgoingRequest): Promise<ServiceAnswer> {
    if (this.#over !== undefined) throw this.#over
    if (this.#pending !== undefined) throw late('the answer to an earlier request is still missing')
    this.#messageId = (this.#messageId % 0xffff) + 1
    const command = encodeServiceRequest(this.#messageId, request)
    const bytes = encodeMessage(contextId, command, request.dataSet, this.#options.peerMaxPduLength)
    const unsent = { contextId, messageId: this.#messageId, bytes, timer: undefined, isSent: false }
    this.#pending = { ...unsent, ...Promise.withResolvers<ServiceAnswer>() }
    const { promise } = this.#pending
    if (!this.#isPeerWaiting) this.#send(this.#pending)
    return promise
  }

  /** The peer begins a message, and is then owed an answer. */
  peerWaits(): void {
    this.#isPeerWaiting = true
  }

  peerIsFree(): void {
    this.#isPeerWaiting = false
    if (this.#pending?.isSent === false) this.#send(this.#pending)
  }

  /** Returns true if a response is the one that is awaited, even if it is late. */
  awaits(contextId: number, command: CommandSet): boolean {
    const pending = this.#pending
    if (pending?.isSent !== true || !isResponse(command)) return false
    return pending.contextId === contextId && pending.messageId === command.messageIdBeingRespondedTo
  }

  answered({ status, errorComment }: CommandSet): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.timer?.cancel()
    if (status === undefined) pending?.reject(late('the answer to a request holds no status'))
    else pending?.resolve({ status, ...(errorComment === undefined ? {} : { errorComment }) })
  }

  /** Called when the association is over. */
  end(failure: Failure): void {
    this.#over ??= failure
    this.#pending?.timer?.cancel()
    this.#pending?.reject(this.#over)
  }

  #send(pending: Pending): void {
    const { write, clock, answerMs } = this.#options
    pending.isSent = true
    // It stays pending: its answer may still arrive, and is then recognized.
    pending.timer = clock.after(answerMs, () => pending.reject(late('the peer does not answer a request')))
    write(pending.bytes).catch((error: unknown) =>
      pending.reject(failureFrom(error, 'ASSOCIATION_ABORTED', 'sending a request')),
    )
  }
}

function late(message: string): Failure {
  return new Failure('ASSOCIATION_ABORTED', message)
}
