import { z } from 'zod'

const count = z.int().nonnegative()

/** The outcome of `ferry retry`. */
export const retrySchema = z.object({
  /** Number of waiting instances that are sent now. */
  retried: count,
  /** Number of studies whose receipt is asked for now. */
  studies: count,
})

export type RetryOutcome = z.infer<typeof retrySchema>
