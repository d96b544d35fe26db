import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { AssociationEnd, StoreSink } from '../../../src/dimse/association/association.ts'
import type { AssociationHandlers } from '../../../src/dimse/association/association-handlers.ts'
import { DimseServer, openDoorLogs } from '../../../src/dimse/scp/dimse-server.ts'
import type { Log, LogFields } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { resetSocket } from '../../support/lines/reset-socket.ts'
import { acceptAll } from '../../support/peers/recording-handlers.ts'
import type { HostileCase } from './hostile-case.ts'
import { readAnswers, wholeStores } from './hostile-reference.ts'
import { answerRequest } from './hostile-requests.ts'
import { type Defect, HostileSink } from './hostile-sink.ts'
import { HostileSocket } from './hostile-socket.ts'

/** Limits for a case: turns of the event loop, and timers. */
const MAX_TURNS = 100
const MAX_TIMERS = 12
/** And by way of TCP within this time. */
const TCP_MS = 10_000

/** Log lines that say that an unforeseen exception was caught. */
const UNFORESEEN = /^(serving|deciding about|ending) an association failed$/

/** The peer went away, broke the rules, or takes PDUs so short that nothing can be said in them. */
const ENDINGS: ReadonlySet<string> = new Set([
  'ASSOCIATION_ABORTED',
  'PROTOCOL_VIOLATION',
  'ASSOCIATION_FAILED',
])

/** TLS begins with a record of this type, and this alert tells the peer that TLS is not served here (RFC 5246 §7.2). */
const TLS_HANDSHAKE = 22
const TLS_ALERT = Buffer.from('15030300020228', 'hex')

/**
 * The real listener, from its `connection` event on, over connections in memory: each case is judged by all that can
 * be seen from outside, and by a second reading of what was sent.
 */
export class HostileListener {
  readonly #clock = new ManualClock()
  readonly #server: DimseServer
  readonly #tcp = createServer()
  readonly #defect: Defect | undefined
  #faults: string[] = []
  #sinks: HostileSink[] = []
  #mood: HostileCase['sink'] = 'ready'
  #ends = 0

  constructor(defect?: Defect) {
    this.#defect = defect
    const handlers: AssociationHandlers = {
      answer: acceptAll,
      store: (request) => this.#open(new HostileSink(request, this.#mood, this.#defect)),
      request: (request, peer) => answerRequest(request, peer, this.#mood),
      ended: (_, end) => this.#ended(end),
    }
    this.#server = new DimseServer(this.#tcp, {
      host: '',
      port: 0,
      handlers,
      clock: this.#clock,
      log: this.#log(),
      // Its minutes outlast a case.
      strangers: openDoorLogs(this.#log(), new ManualClock()),
    })
  }

  /** Notes a fault that arises outside the case: an exception that was not caught. */
  noteFault(fault: string): void {
    this.#faults.push(fault)
  }

  /** Plays one case to its end; answers what was wrong, in words. */
  async play(hostile: HostileCase): Promise<string[]> {
    const { segments, ending } = hostile
    this.#begin(hostile)
    const socket = new HostileSocket(ending === 'deaf')
    this.#tcp.emit('connection', socket.asSocket())
    for (const segment of segments) {
      socket.say(segment)
      await turn()
    }
    if (ending === 'close') socket.hangUp()
    if (ending === 'reset') socket.reset()
    await this.#untilGone(ending)
    this.#judge(hostile, socket.answered, false)
    socket.destroy()
    return this.#faults
  }

  /** The same through the system's TCP, for a peer that closes or resets; proves that memory is no other wire. */
  async playOverTcp(hostile: HostileCase): Promise<string[]> {
    if (!this.#tcp.listening) await once(this.#tcp.listen(0, '127.0.0.1'), 'listening')
    this.#begin(hostile)
    const socket = connect((this.#tcp.address() as AddressInfo).port, '127.0.0.1')
    const said: Buffer[] = []
    socket.on('data', (bytes) => said.push(bytes)).on('error', () => {})
    await Promise.all([once(socket, 'connect'), once(this.#tcp, 'connection')])
    for (const segment of hostile.segments) await written(socket, segment)
    if (hostile.ending === 'reset') resetSocket(socket)
    else socket.end()
    const started = performance.now()
    while ((this.#server.connections > 0 || !socket.closed) && performance.now() - started < TCP_MS)
      await turn()
    if (this.#server.connections > 0 || !socket.closed)
      this.noteFault(`a hang: ${TCP_MS} ms after a close by TCP`)
    this.#judge(hostile, Buffer.concat(said), hostile.ending === 'reset')
    socket.destroy()
    return this.#faults
  }

  #begin({ sink }: HostileCase): void {
    ;[this.#faults, this.#sinks, this.#mood, this.#ends] = [[], [], sink, 0]
  }

  async #untilGone(ending: HostileCase['ending']): Promise<void> {
    for (let turns = 0; turns < MAX_TURNS && this.#server.connections > 0; turns++) {
      await turn()
      // The peer says nothing more: when nothing moves, only time can end it.
      if ((ending === 'silence' || ending === 'deaf') && turns % 8 === 7) this.#fireTimer()
    }
    if (this.#server.connections > 0) this.noteFault(`a hang: ${MAX_TURNS} turns after a ${ending}`)
    if (this.#clock.nextTimerMs !== undefined) this.noteFault('a timer is left behind')
  }

  #fireTimer(): void {
    for (let fired = 0; fired < MAX_TIMERS; fired++) this.#clock.advance(this.#clock.nextTimerMs ?? 0)
  }

  /** A reset may throw away the end of what was said. */
  #judge({ segments, honestStores }: HostileCase, said: Buffer, isCut: boolean): void {
    const sinks = this.#sinks
    if (sinks.some(({ lastCalls }) => lastCalls !== 1)) this.noteFault('a sink had not one last call')
    if (sinks.some(({ wrongCalls }) => wrongCalls > 0)) this.noteFault('a sink was called out of turn')
    const whole = wholeStores(Buffer.concat(segments))
    const kept = sinks.filter(({ isKept }) => isKept)
    let from = 0
    for (const { messageId, dataSet } of kept) {
      const at = whole.findIndex(
        (store, index) => index >= from && store.messageId === messageId && store.dataSet.equals(dataSet),
      )
      if (at < 0) this.noteFault(`an instance was kept that was not sent so, message ${messageId}`)
      else from = at + 1
    }
    if (isCut) return
    const isTold = segments[0]?.[0] === TLS_HANDSHAKE && said.equals(TLS_ALERT)
    this.#judgeAnswers(
      isTold ? Buffer.alloc(0) : said,
      kept.map(({ messageId }) => messageId),
      honestStores,
    )
  }

  #judgeAnswers(said: Buffer, kept: readonly number[], honestStores: number | undefined): void {
    try {
      const { successes, types } = readAnswers(said)
      if (successes.some((messageId, index) => messageId !== kept[index]))
        this.noteFault(`Success for messages ${successes.join()}, where ${kept.join()} were kept`)
      if (honestStores !== undefined && (successes.length !== honestStores || types.at(-1) !== 6))
        this.noteFault(`an honest peer got ${successes.length} of ${honestStores} and PDUs ${types.join()}`)
      if (this.#ends !== (types[0] === 2 ? 1 : 0)) this.noteFault('an association ended not once')
    } catch (error) {
      this.noteFault(`what was answered: ${String(error)}`)
    }
  }

  #open(sink: HostileSink): StoreSink {
    this.#sinks.push(sink)
    return sink
  }

  #ended(end: AssociationEnd): void {
    this.#ends++
    if (end.how === 'aborted' && !ENDINGS.has(end.failure.code))
      this.noteFault(`an association ended with ${end.failure.code}: ${end.failure.message}`)
  }

  #log(): Log {
    const line = (message: string, fields?: LogFields): void => {
      if (UNFORESEEN.test(message)) this.noteFault(`${message}: ${String(fields?.['reason'])}`)
    }
    return { error: line, warn: line, info: line, debug: line }
  }
}

/** Resolves when the system has taken the bytes, or the connection is gone. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}

/** One turn of the event loop: what arrives now has been worked off behind it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
