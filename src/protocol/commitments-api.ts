import { z } from 'zod'

/** Ms since 1970. */
const time = z.number()
const count = z.int().nonnegative()

/** Requests for storage commitment: open ones first, then the newest. */
export const commitmentsSchema = z.object({
  commitments: z.array(
    z.object({
      callingAeTitle: z.string(),
      peerAddress: z.string(),
      transactionUid: z.string(),
      requestedAt: time,
      /** reported: the device has taken the report. abandoned: it could not be delivered for too long. */
      state: z.enum(['open', 'reported', 'abandoned']),
      closedAt: time.nullable(),
      instances: count,
      /** Number reported as committed; before the report: number under the center's receipt now. */
      committed: count,
      attempts: count,
      nextAttemptAt: time,
      reasonCode: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})

export type CommitmentsView = z.infer<typeof commitmentsSchema>
