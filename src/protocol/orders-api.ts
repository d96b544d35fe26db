import { z } from 'zod'
import { displayNamesSchema, displaySchema } from './display-api.ts'

/** Ms since 1970. */
const time = z.number()

/** One source of orders. A newer agent may know other kinds. */
export const orderSourceSchema = z.object({
  name: z.string(),
  /** files, http, worklist, hl7 */
  kind: z.string(),
  /** Orders of this source that are known now. */
  orders: z.int().nonnegative(),
  /** The last answer of the source, or the last message that it sent; null = none since the agent started. */
  lastSuccessAt: time.nullable(),
  /** The present failure; null after a success. */
  failure: z.object({ code: z.string(), message: z.string(), since: time }).nullable(),
})

export type OrderSourceView = z.infer<typeof orderSourceSchema>

/** Paths of the agent's control interface for orders. */
export const ORDER_PATHS = {
  orders: '/v1/orders',
  names: '/v1/orders/names',
  test: '/v1/orders/test',
} as const

const orderSchema = z.object({
  source: z.string(),
  /** Names the order for `ferry assign`; null unless names were asked for, since it may contain a patient ID. */
  key: z.string().nullable(),
  stationAeTitle: z.string().nullable(),
  /** ISO 8601; local time of the agent's machine if it has no zone. */
  scheduledAt: z.string().nullable(),
  studyInstanceUid: z.string().nullable(),
  /** False: the name is empty or damaged, or the patient ID is empty, so that it matches nothing. */
  isUsable: z.boolean(),
  /** Masked, unless names were asked for. */
  display: displaySchema,
})

/** Sources of orders and the orders that they gave, the latest first; at most the requested number. */
export const ordersSchema = z.object({
  /** The key under which orders are on the disk, or the reason why they are in memory only. */
  displayNames: displayNamesSchema,
  count: z.int().nonnegative(),
  sources: z.array(orderSourceSchema),
  orders: z.array(orderSchema),
})

/** The source that was asked, and its new state. */
export const orderTestSchema = z.object({ source: orderSourceSchema })

export type OrdersView = z.infer<typeof ordersSchema>
export type OrderTestView = z.infer<typeof orderTestSchema>

/** The answers of a running agent about orders. */
export interface OrderControl {
  /** Masked. */
  list(limit: number): OrdersView
  /** Whole names; recorded before they are sent. */
  names(request: {
    readonly osUser: string
    readonly limit: number
    readonly reason?: string | undefined
  }): OrdersView
  /** Asks one source now. Throws USAGE for a name that no source has. */
  test(name: string): Promise<OrderTestView>
}
