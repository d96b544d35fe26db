import type { Clock } from '../../../platform/clock.ts'
import type { Order, PatientMerge } from '../order.ts'
import type { OrderBook } from '../order-book.ts'
import type { OrderStore, TakenMessage } from './order-store.ts'

/** Changes that a source brings. */
export interface OrderChanges {
  readonly put?: readonly Order[]
  /** Places of cancelled or replaced orders. */
  readonly remove?: readonly Pick<Order, 'source' | 'key'>[]
  readonly merges?: readonly PatientMerge[]
  readonly message?: TakenMessage
}

/** The rows of a commit; more would make a turn of the event loop long. */
const ROWS_A_COMMIT = 200

/**
 * The orders in memory, and on the disk if there is a key to seal them. The disk comes first: an order is used only when it
 * would survive a restart.
 */
export class KeptOrders {
  readonly book: OrderBook
  readonly #store: OrderStore | undefined
  readonly #clock: Clock
  /** The row of each order, by source and key. */
  readonly #rows = new Map<string, number>()

  private constructor(book: OrderBook, store: OrderStore | undefined, clock: Clock) {
    this.book = book
    this.#store = store
    this.#clock = clock
  }

  /** Without a store, orders are in memory only. `lost`: rows that no key opens any more. */
  static async open(
    book: OrderBook,
    store: OrderStore | undefined,
    clock: Clock,
  ): Promise<{ known: KeptOrders; lost: number }> {
    const known = new KeptOrders(book, store, clock)
    const { orders, merges, lost } = (await store?.load()) ?? { orders: [], merges: [], lost: 0 }
    for (const { id, order, takenAt } of orders) {
      known.#rows.set(placeOf(order), id)
      book.put([order], takenAt)
    }
    for (const merge of merges) book.merge(merge)
    known.forgetOld()
    return { known, lost }
  }

  /** True if what is taken survives a restart. */
  get areKept(): boolean {
    return this.#store !== undefined
  }

  /** Takes changes, in one commit. Throws DATABASE_ERROR or STORAGE_FULL; nothing of them counts then. */
  take(changes: OrderChanges): void {
    const { put = [], remove = [], merges = [], message } = changes
    const now = this.#clock.now()
    // A key that occurs again counts with its last order.
    const last = new Map(put.map((order) => [placeOf(order), order]))
    const changed = Array.from(last.values()).filter(
      (order) => !this.book.isOver(order, now) && !this.book.has(order),
    )
    const gone = remove.filter(({ source, key }) => this.book.get(source, key) !== undefined)
    if (this.#store !== undefined && changed.length + gone.length + merges.length + (message ? 1 : 0) > 0) {
      const rows = this.#store.commit(
        {
          put: changed.map((order) => ({ order, takenAt: now, replaces: this.#rows.get(placeOf(order)) })),
          remove: gone.flatMap((order) => this.#rows.get(placeOf(order)) ?? []),
          merges,
          message,
        },
        now,
      )
      for (const order of gone) this.#rows.delete(placeOf(order))
      for (const [i, order] of changed.entries()) this.#rows.set(placeOf(order), rows[i] ?? 0)
    }
    for (const { source, key } of gone) this.book.remove(source, key)
    for (const merge of merges) this.book.merge(merge)
    this.#dropRows(this.book.put(changed, now))
  }

  /** Takes the list of a source that shows all that it has; `pause` lets others work between the commits. */
  async takeList(
    source: string,
    { orders, cancelled }: { orders: readonly Order[]; cancelled: readonly Order[] },
    pause: () => Promise<void>,
  ): Promise<void> {
    this.take({ remove: [...cancelled, ...this.#replacedBy(source, orders)] })
    for (let at = 0; at < orders.length; at += ROWS_A_COMMIT) {
      this.take({ put: orders.slice(at, at + ROWS_A_COMMIT) })
      await pause()
    }
  }

  /** The answer to an HL7 message that was taken before. */
  answerTo(id: Buffer, digest: Buffer): Buffer | undefined {
    return this.#store?.answerTo(id, digest)
  }

  forgetOld(): void {
    this.#dropRows(this.book.forgetOld(this.#clock.now()))
  }

  #dropRows(orders: readonly Order[]): void {
    const remove = orders.flatMap((order) => this.#rows.get(placeOf(order)) ?? [])
    if (remove.length === 0) return
    this.#store?.commit({ put: [], remove, merges: [], message: undefined }, this.#clock.now())
    for (const order of orders) this.#rows.delete(placeOf(order))
  }

  /** A corrected order may have another key: the old one of the same accession number is no longer listed. */
  #replacedBy(source: string, orders: readonly Order[]): Order[] {
    const listed = Map.groupBy(orders, ({ accessionNumber }) => accessionNumber ?? '')
    return this.book.of(source).filter(({ key, accessionNumber }) => {
      const namesakes = accessionNumber === undefined ? undefined : listed.get(accessionNumber)
      return namesakes !== undefined && namesakes.every((order) => order.key !== key)
    })
  }
}

const placeOf = ({ source, key }: Pick<Order, 'source' | 'key'>): string => `${source}\0${key}`
