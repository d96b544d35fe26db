import type { OrderSourceSettings } from '../../../config/order-settings.ts'
import type { TlsProposal } from '../../../dimse/scu/open-socket.ts'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, failureFrom } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import type { Alarms } from '../../queue/alarms.ts'
import type { DisplayNames } from '../../queue/display/display-records.ts'
import { KeptOrders } from '../cache/kept-orders.ts'
import { OrderStore } from '../cache/order-store.ts'
import type { TakeReport } from '../hl7/hl7-receiver.ts'
import type { Order } from '../order.ts'
import { OrderBook, type OrderMatch, type OrderQuestion } from '../order-book.ts'
import type { PolledSource } from '../sources/order-source.ts'
import { AskedSource } from './asked-source.ts'
import { type SourceState, SourceWatch } from './source-watch.ts'

interface OrdersOptions {
  readonly dataFolder: string
  readonly sources: readonly OrderSourceSettings[]
  /** The key under which orders are sealed on the disk; without it they are in memory only. */
  readonly names: DisplayNames
  readonly tls: () => TlsProposal | undefined
  readonly takeReport: TakeReport
  readonly alarms: Alarms
  readonly clock: Clock
  readonly log: Log
}

/** One source and its state. */
export interface SourceView extends SourceState {
  readonly name: string
  readonly kind: OrderSourceSettings['kind']
  readonly orders: number
}

interface Running {
  readonly settings: OrderSourceSettings
  readonly watch: SourceWatch
  /** Undefined for a source that sends by itself. */
  readonly asked?: AskedSource
}

const LISTEN_AGAIN_MS = 30_000
const FORGET_EVERY_MS = 3_600_000

/** The orders of this agent: its sources are asked in the background, and what they gave is used while they are down. */
export class Orders implements AsyncDisposable {
  readonly #options: OrdersOptions
  readonly #known: KeptOrders
  readonly #store: OrderStore | undefined
  readonly #stop = new AbortController()
  readonly #running: Running[] = []
  readonly #loops: Promise<void>[] = []
  /** Ports of HL7 sources, by name. */
  readonly ports = new Map<string, number>()

  private constructor(options: OrdersOptions, known: KeptOrders, store: OrderStore | undefined) {
    this.#options = options
    this.#known = known
    this.#store = store
  }

  /** Opens the orders of earlier runs, and begins to ask. Throws DATABASE_ERROR, DATABASE_NEWER. */
  static async open(options: OrdersOptions): Promise<Orders> {
    const { dataFolder, names, sources, alarms, clock, log } = options
    if (names.state === 'off' && OrderStore.remove(dataFolder)) log.warn('orders on the disk removed', {})
    const store = names.key && OrderStore.open(dataFolder, names.key, clock.now())
    if (store?.setAside !== undefined)
      log.error('the file of orders was damaged and moved aside', { path: store.setAside })
    const { known, lost } = await KeptOrders.open(new OrderBook(), store, clock)
    if (lost > 0) log.warn('orders under another key removed', { rows: lost })
    if (store === undefined) {
      const words = 'there is no key to seal them, so they are in memory only'
      log.warn('orders are not kept on the disk', { displayNames: names.state })
      if (names.state !== 'off') alarms.raise('ORDERS_NOT_KEPT', 'orders', words)
    }
    const orders = new Orders(options, known, store)
    orders.#loops.push(orders.#forgetOld())
    for (const settings of sources) await orders.#start(settings)
    log.info('orders are asked for', { sources: sources.length, orders: known.book.count })
    return orders
  }

  get areKept(): boolean {
    return this.#known.areKept
  }

  match(question: OrderQuestion): OrderMatch {
    return this.#known.book.match(question)
  }

  /** All orders, with their patients of today. */
  list(): Order[] {
    return this.#known.book.orders()
  }

  sources(): SourceView[] {
    return this.#running.map(({ settings: { name, kind }, watch }) => ({
      name,
      kind,
      orders: this.#known.book.of(name).length,
      ...watch.state,
    }))
  }

  /** Asks one source now; its state is then new. A source that sends by itself is not asked. Throws SOURCE_UNKNOWN. */
  async test(name: string): Promise<SourceView> {
    const found = this.#running.find(({ settings }) => settings.name === name)
    if (found === undefined) {
      const names = this.#running.map(({ settings }) => settings.name).join(', ')
      throw new Failure(
        'SOURCE_UNKNOWN',
        `testing a source of orders: there is none of this name; there are ${names}`,
      )
    }
    await found.asked?.askNow(this.#stop.signal)
    const view = this.sources().find((one) => one.name === name)
    if (view === undefined) throw new Failure('INTERNAL', 'testing a source of orders: it is gone')
    return view
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent is stopping'))
    await Promise.all(this.#loops)
    this.#store?.[Symbol.dispose]()
  }

  async #forgetOld(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        this.#known.forgetOld()
      } catch (error) {
        const { code, message } = failureFrom(error, 'INTERNAL', 'removing old orders')
        log.error('old orders are not removed', { code, reason: message })
      }
      await clock.sleep(FORGET_EVERY_MS, signal).catch(() => {})
    }
  }

  async #start(settings: OrderSourceSettings): Promise<void> {
    const { alarms, clock, log } = this.#options
    const { name } = settings
    const { signal } = this.#stop
    // An earlier run may have raised them; the caller has put the other alarms of orders away.
    for (const code of ['PORT_IN_USE', 'KEY_FILE_INVALID']) alarms.clear(code, name)
    const watch = new SourceWatch({ name, alarms, clock, log })
    if (settings.kind === 'hl7') {
      this.#running.push({ settings, watch })
      const listening = Promise.withResolvers<void>()
      this.#loops.push(this.#listen(settings, watch, listening.resolve))
      await listening.promise
      return
    }
    const source = await this.#polled(settings)
    const asked = new AskedSource({ name, source, known: this.#known, watch, clock })
    this.#running.push({ settings, watch, asked })
    this.#loops.push(asked.run(signal))
  }

  async #polled(settings: Exclude<OrderSourceSettings, { kind: 'hl7' }>): Promise<PolledSource> {
    const { clock, tls } = this.#options
    switch (settings.kind) {
      case 'files': {
        const { FolderSource } = await import('../sources/folder-source.ts')
        return new FolderSource(settings, clock)
      }
      case 'http': {
        const { HttpSource } = await import('../sources/http-source.ts')
        return new HttpSource(settings, clock)
      }
      case 'worklist': {
        const { WorklistSource } = await import('../sources/worklist-source.ts')
        return new WorklistSource({ ...settings, tls, clock })
      }
    }
  }

  /** Listens until the agent stops; a port that is taken is tried again. `tried` is called after the first try. */
  async #listen(
    { name, hl7 }: Extract<OrderSourceSettings, { kind: 'hl7' }>,
    watch: SourceWatch,
    tried: () => void,
  ): Promise<void> {
    const { takeReport, clock, log } = this.#options
    const { signal } = this.#stop
    const [{ Hl7Listener }, { Hl7Receiver }] = await Promise.all([
      import('../hl7/hl7-listener.ts'),
      import('../hl7/hl7-receiver.ts'),
    ])
    const answered = (failure: Failure | undefined): void => {
      if (failure === undefined) watch.succeeded()
      else watch.failed(failure)
    }
    // A stranger is news only until the right system has sent something.
    const trouble = (failure: Failure): void => {
      if (failure.code !== 'ORDERS_REFUSED' || watch.state.lastSuccessAt === undefined) watch.failed(failure)
      else log.warn('a call to an HL7 source was turned away', { source: name, reason: failure.message })
    }
    const receiver = new Hl7Receiver({ name, known: this.#known, takeReport, clock, answered })
    while (!signal.aborted) {
      try {
        await using listener = await Hl7Listener.open({ hl7, receiver, clock, trouble })
        this.ports.set(name, listener.port)
        tried()
        await aborted(signal)
      } catch (error) {
        watch.failed(failureFrom(error, 'INTERNAL', 'listening for HL7'))
        tried()
        await clock.sleep(LISTEN_AGAIN_MS, signal).catch(() => {})
      }
    }
  }
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
