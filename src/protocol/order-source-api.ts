import { z } from 'zod'

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
