import { z } from 'zod'
import type { DeliveryView, QuarantineView, StudyView } from './control-api.ts'
import type { DisplayNamesState, DisplayView } from './display-api.ts'

/** Filters of a page of studies; a missing one filters nothing. Text of the patient is compared with what is shown masked. */
export interface StudyPageQuery {
  /** The cursor `next` of the page before. */
  readonly after?: string | undefined
  readonly limit: number
  readonly state?: string | undefined
  /** AE title of the sender of its first or last instance. */
  readonly device?: string | undefined
  /** Last arrival from this time on, and before that time. */
  readonly from?: number | undefined
  readonly until?: number | undefined
  readonly patient?: string | undefined
  readonly accession?: string | undefined
}

export interface ListedStudy extends StudyView {
  /** AE titles of the senders of its first and last instance. */
  readonly devices: readonly string[]
}

/** Studies, the latest arrival first. Times are ms since 1970. */
export interface StudyPage {
  readonly displayNames: DisplayNamesState
  readonly studies: readonly ListedStudy[]
  /** The place where the search continues; null at the end. A page may be short or empty although more pages follow. */
  readonly next: string | null
  /** Last arrival of the study at which the search stopped; null at the end. */
  readonly searchedTo: number | null
}

export interface UnconfirmedStudy extends Readonly<Record<DeliveryView['state'], number>> {
  readonly studyInstanceUid: string
  readonly devices: readonly string[]
  readonly instances: number
  /** Sealed bytes of what is not confirmed. */
  readonly bytes: number
  /** Arrival of its oldest instance that is not confirmed; the following fields are of that one. */
  readonly oldestAt: number
  readonly state: DeliveryView['state']
  readonly attempts: number
  readonly nextAttemptAt: number
  readonly reasonCode: string | null
  readonly reason: string | null
  /** Masked. */
  readonly display: DisplayView
}

/** Studies with instances that are not confirmed, by their oldest one, the oldest first. */
export interface UnconfirmedStudiesView {
  readonly studies: readonly UnconfirmedStudy[]
  /** The place where the list continues; null at the end. */
  readonly next: string | null
}

interface Displayed {
  /** Masked. */
  readonly display: DisplayView
}

/** Held instances, at most the requested number of each kind. */
export interface HeldInstancesView {
  /** Held by a check because of their findings: a person may release them. */
  readonly byCheck: readonly (QuarantineView['instances'][number] & Displayed)[]
  /** Held for another reason. */
  readonly others: readonly (DeliveryView & Displayed)[]
}

const count = z.int().nonnegative()

/** Counts of an hour or a day. */
const historySpanSchema = z.object({
  /** Its beginning, ms since 1970. */
  at: z.number(),
  /** Instances that were accepted, and their sealed bytes. */
  images: count,
  bytes: count,
  /** Associations and instances that were turned away. */
  refused: count,
  /** Requests to the center that failed. */
  failures: count,
  /** Instances that got their receipt. */
  confirmed: count,
  /** Mean time from arrival to receipt of these; null if there were none. */
  latencyMs: z.number().nullable(),
})
export type HistorySpan = Readonly<z.infer<typeof historySpanSchema>>

/** The last 24 hours and 30 days; the present ones are the last. */
export const historySchema = z.object({
  now: z.number(),
  hours: z.array(historySpanSchema),
  days: z.array(historySpanSchema),
})
export type HistoryView = Readonly<z.infer<typeof historySchema>>
