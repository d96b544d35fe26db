import type { AuditTrail } from '../../audit/audit-trail.ts'
import type { DisplayAttributes } from '../../dicom/find/display-attributes.ts'
import { maskDisplay } from '../../dicom/find/mask-display.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { OrderControl, OrderSourceView, OrdersView, OrderTestView } from '../../protocol/orders-api.ts'
import type { Order } from '../orders/order.ts'
import { isUsable } from '../orders/patient-identity.ts'
import type { Orders, SourceView } from '../orders/service/orders.ts'
import type { DisplayRecords } from '../queue/display/display-records.ts'

/** Answers the CLI about orders; without sources there are none. */
export class OrderViews implements OrderControl {
  readonly #orders: Orders | undefined
  readonly #display: DisplayRecords
  readonly #audit: Pick<AuditTrail, 'record'>
  readonly #log: Log

  constructor(
    orders: Orders | undefined,
    display: DisplayRecords,
    audit: Pick<AuditTrail, 'record'>,
    log: Log,
  ) {
    this.#orders = orders
    this.#display = display
    this.#audit = audit
    this.#log = log
  }

  sources(): OrderSourceView[] {
    return (this.#orders?.sources() ?? []).map(sourceView)
  }

  list(limit: number): OrdersView {
    return this.#view(limit, maskDisplay, () => null)
  }

  names({ osUser, reason, limit }: Parameters<OrderControl['names']>[0]): OrdersView {
    this.#audit.record({ action: 'namesShown', user: osUser, reason, subject: 'orders' })
    this.#display.noteShown(osUser, undefined)
    this.#log.warn('names of orders shown', { osUser })
    return this.#view(
      limit,
      (whole) => whole,
      ({ key }) => key,
    )
  }

  async test(name: string): Promise<OrderTestView> {
    if (this.#orders === undefined)
      throw new Failure('SOURCE_UNKNOWN', 'testing a source of orders: the configuration names none')
    return { source: sourceView(await this.#orders.test(name)) }
  }

  #view(
    limit: number,
    shown: (attributes: DisplayAttributes) => DisplayAttributes,
    keyOf: (order: Order) => string | null,
  ): OrdersView {
    const orders = this.#orders?.list() ?? []
    const latest = orders.toSorted((a, b) => ((a.scheduledAt ?? '') < (b.scheduledAt ?? '') ? 1 : -1))
    return {
      displayNames: this.#display.state,
      count: orders.length,
      sources: this.sources(),
      orders: latest.slice(0, limit).map((order) => ({
        source: order.source,
        key: keyOf(order),
        stationAeTitle: order.stationAeTitle ?? null,
        scheduledAt: order.scheduledAt ?? null,
        studyInstanceUid: order.studyInstanceUid ?? null,
        isUsable: isUsable(order.patient),
        display: shown(attributesOf(order)),
      })),
    }
  }
}

const sourceView = ({ name, kind, orders, lastSuccessAt, failure }: SourceView): OrderSourceView => ({
  name,
  kind,
  orders,
  lastSuccessAt: lastSuccessAt ?? null,
  failure: failure === undefined ? null : { ...failure },
})

function attributesOf({ patient, accessionNumber, description, modality }: Order): DisplayAttributes {
  const values = {
    patientName: patient.name,
    patientId: patient.id,
    accessionNumber,
    studyDescription: description,
    modality,
  }
  const present = Object.entries(values).filter(([, text]) => (text ?? '') !== '')
  return Object.fromEntries(present.map(([key, text]) => [key, { text, isGuess: false }]))
}
