import { isDeepStrictEqual } from 'node:util'
import type { Order, Patient, PatientMerge } from './order.ts'
import { differ, isSamePerson, isUsable, isWholeName } from './patient-identity.ts'
import { scheduledSpan, type TimeSpan } from './scheduled-span.ts'

/** Facts about a file. Leave out what must not decide: without `at` no order is chosen by device and time. */
export interface OrderQuestion {
  readonly accessionNumber?: string
  readonly patientId?: string
  readonly issuer?: string
  readonly stationAeTitle?: string
  /** The modality of the examination, not of the object: leave it out for a report. */
  readonly modality?: string
  /** The time of the examination in ms since 1970. */
  readonly at?: number
}

/** A closed set without patient data, for logs; src/console/language says each in words. */
type OrderMatchReason =
  | 'NOTHING_ASKED'
  | 'ACCESSION_UNKNOWN'
  | 'ACCESSION_OF_OTHER_PATIENT'
  | 'ACCESSION_SEVERAL'
  | 'PATIENT_UNKNOWN'
  | 'PATIENT_OTHER_EXAMINATION'
  | 'PATIENT_SEVERAL'
  | 'DEVICE_NO_ORDER'
  | 'DEVICE_SEVERAL'
  | 'PATIENT_DAMAGED'

export type OrderMatch =
  | { readonly found: 'one'; readonly order: Order }
  | { readonly found: 'none' | 'several'; readonly why: OrderMatchReason }

interface OrderBookOptions {
  /** The number of orders that are kept; those planned earliest leave first. */
  readonly maximum?: number
  /** An order leaves this long after its scheduled time (or after it came, if it has none). */
  readonly keptMs?: number
  /** How far an order's time may be from the file's if only the device tells; the wider, the fewer wrong answers. */
  readonly deviceWindowMs?: number
  /** The same if the patient ID tells. */
  readonly patientWindowMs?: number
}

/** All orders with their patients of today, by accession number, and by patient ID. */
interface OrderIndex {
  readonly all: readonly Order[]
  readonly accession: ReadonlyMap<string, readonly Order[]>
  readonly patient: ReadonlyMap<string, readonly Order[]>
}

interface KnownOrder {
  readonly order: Order
  readonly takenAt: number
}

const HOUR_MS = 3_600_000
const MAXIMUM_MERGES = 10_000

/**
 * The orders that are known, in memory. A question is answered by the strongest fact in it: accession number, then patient
 * ID, then device and time. A weaker fact chooses among several, and never overrules. Two orders that fit give no answer.
 */
export class OrderBook {
  readonly #maximum: number
  readonly #keptMs: number
  readonly #deviceWindowMs: number
  readonly #patientWindowMs: number
  /** By source and key. */
  readonly #known = new Map<string, KnownOrder>()
  readonly #merges = new Map<string, PatientMerge>()
  /** Undefined until the next question. */
  #index: OrderIndex | undefined
  /** The times of orders, read once. */
  readonly #spans = new WeakMap<Order, { readonly span: TimeSpan | undefined }>()

  constructor(options: OrderBookOptions = {}) {
    this.#maximum = options.maximum ?? 20_000
    this.#keptMs = options.keptMs ?? 14 * 24 * HOUR_MS
    this.#deviceWindowMs = options.deviceWindowMs ?? 4 * HOUR_MS
    this.#patientWindowMs = options.patientWindowMs ?? 24 * HOUR_MS
  }

  get count(): number {
    return this.#known.size
  }

  get(source: string, key: string): Order | undefined {
    return this.#known.get(placeOf({ source, key }))?.order
  }

  /** True if this very order is known, with all its values. */
  has(order: Order): boolean {
    return isDeepStrictEqual(this.get(order.source, order.key), order)
  }

  /** The orders of one source, as it sent them. */
  of(source: string): Order[] {
    return Array.from(this.#known.values(), ({ order }) => order).filter((order) => order.source === source)
  }

  /** True for an order whose time is over. */
  isOver(order: Order, nowMs: number): boolean {
    return this.#lastMoment({ order, takenAt: nowMs }) + this.#keptMs < nowMs
  }

  /**
   * Enters orders; one of the same source and key is replaced. `takenAt` is in ms since 1970. Returns the orders that leave,
   * because there are too many.
   */
  put(orders: readonly Order[], takenAt: number): Order[] {
    for (const order of orders) this.#known.set(placeOf(order), { order, takenAt })
    this.#index = undefined
    const surplus = this.#known.size - this.#maximum
    if (surplus <= 0) return []
    const byTime = Array.from(this.#known).toSorted(
      ([, a], [, b]) => this.#lastMoment(a) - this.#lastMoment(b),
    )
    const leaving = byTime.slice(0, surplus)
    for (const [place] of leaving) this.#known.delete(place)
    return leaving.map(([, { order }]) => order)
  }

  /** Removes a cancelled order. */
  remove(source: string, key: string): void {
    if (this.#known.delete(placeOf({ source, key }))) this.#index = undefined
  }

  /** Enters a merge: it counts for later questions only. */
  merge(merge: PatientMerge): void {
    // The survivor is alive again if it was merged away earlier; this also keeps chains free of circles.
    this.#merges.delete(identityOf(merge.patient.id, merge.patient.issuer))
    const former = identityOf(merge.formerId, merge.formerIssuer)
    if (former === identityOf(merge.patient.id, merge.patient.issuer)) return
    this.#merges.delete(former)
    this.#merges.set(former, merge)
    const oldest = this.#merges.keys().next().value
    if (this.#merges.size > MAXIMUM_MERGES && oldest !== undefined) this.#merges.delete(oldest)
    this.#index = undefined
  }

  /** Removes the orders whose time is over, and returns them. */
  forgetOld(nowMs: number): Order[] {
    const old = Array.from(this.#known).filter(([, known]) => this.#lastMoment(known) + this.#keptMs < nowMs)
    for (const [place] of old) this.#known.delete(place)
    if (old.length > 0) this.#index = undefined
    return old.map(([, { order }]) => order)
  }

  /** All orders, with the patients of today. */
  orders(): Order[] {
    return Array.from(this.#known.values(), ({ order }) => this.#withSurvivor(order))
  }

  match(question: OrderQuestion): OrderMatch {
    const accession = question.accessionNumber?.trim()
    if (accession !== undefined && accession !== '') return this.#byAccession(accession, question)
    const id = question.patientId?.trim()
    if (id !== undefined && id !== '') return this.#byPatient(id, question)
    if (question.at === undefined || (question.stationAeTitle ?? question.modality) === undefined)
      return { found: 'none', why: 'NOTHING_ASKED' }
    return this.#byDevice(question, question.at)
  }

  #byAccession(accession: string, question: OrderQuestion): OrderMatch {
    const all = this.#indexed().accession.get(accession) ?? []
    if (all.length === 0) return { found: 'none', why: 'ACCESSION_UNKNOWN' }
    const fitting = this.#ofAskedPatient(all, question)
    if (fitting.length === 0) return { found: 'none', why: 'ACCESSION_OF_OTHER_PATIENT' }
    return this.#choose(fitting, question, 'ACCESSION_SEVERAL')
  }

  #byPatient(id: string, question: OrderQuestion): OrderMatch {
    const today = this.#survivorOf(id, question.issuer)?.id ?? id
    const all = this.#ofAskedPatient(this.#indexed().patient.get(today) ?? [], question)
    if (all.length === 0) return { found: 'none', why: 'PATIENT_UNKNOWN' }
    const fitting = all.filter(
      (order) =>
        !differ(order.modality, question.modality) &&
        this.#isNear(order, question.at, this.#patientWindowMs) !== false,
    )
    if (fitting.length === 0) return { found: 'none', why: 'PATIENT_OTHER_EXAMINATION' }
    return this.#choose(fitting, question, 'PATIENT_SEVERAL')
  }

  #byDevice(question: OrderQuestion, at: number): OrderMatch {
    // An order of this device without a time can be the one: it makes the answer uncertain, and is never the answer.
    const fitting = this.#indexed().all.filter(
      (order) => isForDevice(order, question) && this.#isNear(order, at, this.#deviceWindowMs) !== false,
    )
    if (!fitting.some((order) => this.#isNear(order, at, this.#deviceWindowMs) === true))
      return { found: 'none', why: 'DEVICE_NO_ORDER' }
    return conclude(fitting, 'DEVICE_SEVERAL')
  }

  /**
   * Weaker facts leave out orders that contradict them; a fact that contradicts all of them says nothing. An order that
   * does not state the fact stays: it can be the one.
   */
  #choose(orders: readonly Order[], question: OrderQuestion, several: OrderMatchReason): OrderMatch {
    const { modality, stationAeTitle, at } = question
    let left = orders
    for (const fits of [
      (order: Order) => !differ(order.modality, modality),
      (order: Order) => !differ(order.stationAeTitle, stationAeTitle),
      (order: Order) => this.#isNear(order, at, this.#deviceWindowMs) !== false,
    ]) {
      const narrowed = left.filter(fits)
      if (narrowed.length > 0) left = narrowed
    }
    return conclude(left, several)
  }

  #ofAskedPatient(orders: readonly Order[], { patientId, issuer }: OrderQuestion): readonly Order[] {
    const id = patientId?.trim()
    if (id === undefined || id === '') return orders
    const today = this.#survivorOf(id, issuer) ?? { id, issuer }
    return orders.filter(
      ({ patient }) => patient.id.trim() === today.id && !differ(patient.issuer, today.issuer),
    )
  }

  /** Undefined if the order, or the file, has no time. */
  #isNear(order: Order, at: number | undefined, windowMs: number): boolean | undefined {
    const span = this.#spanOf(order)
    if (span === undefined || at === undefined) return undefined
    return at >= span.fromMs - windowMs && at <= span.toMs + windowMs
  }

  #lastMoment({ order, takenAt }: KnownOrder): number {
    return this.#spanOf(order)?.toMs ?? takenAt
  }

  #spanOf(order: Order): TimeSpan | undefined {
    const known = this.#spans.get(order)
    if (known !== undefined) return known.span
    const span = order.scheduledAt === undefined ? undefined : scheduledSpan(order.scheduledAt)
    this.#spans.set(order, { span })
    return span
  }

  #indexed(): OrderIndex {
    if (this.#index !== undefined) return this.#index
    const orders = this.orders()
    this.#index = {
      all: orders,
      accession: Map.groupBy(orders, ({ accessionNumber = '' }) => accessionNumber.trim()),
      patient: Map.groupBy(orders, ({ patient }) => patient.id.trim()),
    }
    return this.#index
  }

  #withSurvivor(order: Order): Order {
    const { patient } = order
    const survivor = this.#survivorOf(patient.id.trim(), patient.issuer)
    if (survivor === undefined) return order
    const name = isWholeName(survivor.name) ? survivor.name : patient.name
    return { ...order, patient: { ...patient, ...survivor, name } }
  }

  /** The patient that an ID means today; undefined if the ID was never merged into another. */
  #survivorOf(id: string, issuer: string | undefined): Patient | undefined {
    if (this.#merges.size === 0) return undefined
    // Merges with and without issuers may still form a circle: each counts once.
    const seen = new Set<PatientMerge>()
    let merge = this.#mergeOf(id, issuer)
    let survivor: Patient | undefined
    while (merge !== undefined && !seen.has(merge)) {
      seen.add(merge)
      survivor = merge.patient
      merge = this.#mergeOf(survivor.id, survivor.issuer)
    }
    return survivor
  }

  /** A merge without an issuer counts for an ID with one, and the reverse. */
  #mergeOf(id: string, issuer: string | undefined): PatientMerge | undefined {
    const exact = this.#merges.get(identityOf(id, issuer))
    if (exact !== undefined || issuer === undefined) return exact
    return this.#merges.get(identityOf(id, undefined))
  }
}

/** One answer if all orders mean one examination of one person. */
function conclude(orders: readonly Order[], several: OrderMatchReason): OrderMatch {
  const best = orders.toSorted((a, b) => richness(b) - richness(a))[0]
  if (best === undefined || !orders.every((order) => order === best || isSameExamination(best, order)))
    return { found: 'several', why: several }
  if (!isUsable(best.patient)) return { found: 'none', why: 'PATIENT_DAMAGED' }
  const order = orders.reduce((all, other) => ({ ...other, ...all }), best)
  return { found: 'one', order }
}

function isSameExamination(a: Order, b: Order): boolean {
  if (!isSamePerson(a.patient, b.patient)) return false
  if (differ(a.accessionNumber, b.accessionNumber) || differ(a.studyInstanceUid, b.studyInstanceUid))
    return false
  const isShared = (key: 'accessionNumber' | 'studyInstanceUid' | 'requestedProcedureId'): boolean =>
    a[key] !== undefined && a[key] === b[key]
  return isShared('accessionNumber') || isShared('studyInstanceUid') || isShared('requestedProcedureId')
}

/** Orders with a sound patient and more values first. */
const richness = (order: Order): number =>
  (isUsable(order.patient) ? 100 : 0) +
  (order.studyInstanceUid === undefined ? 0 : 10) +
  Object.values(order).filter((value) => value !== undefined).length

function isForDevice(order: Order, { stationAeTitle, modality }: OrderQuestion): boolean {
  if (differ(order.stationAeTitle, stationAeTitle) || differ(order.modality, modality)) return false
  const isStation = stationAeTitle !== undefined && order.stationAeTitle !== undefined
  return isStation || (modality !== undefined && order.modality !== undefined)
}

const placeOf = ({ source, key }: Pick<Order, 'source' | 'key'>): string => `${source}\0${key}`
const identityOf = (id: string, issuer: string | undefined): string => `${id.trim()}\0${issuer?.trim() ?? ''}`
