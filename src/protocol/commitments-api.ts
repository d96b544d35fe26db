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

/** The instances that a device announced by MPPS, and how many of them have arrived. */
export const procedureStepSchema = z.object({
  callingAeTitle: z.string(),
  sopInstanceUid: z.string(),
  state: z.enum(['inProgress', 'completed', 'discontinued']),
  modality: z.string().nullable(),
  studyInstanceUids: z.array(z.string()),
  begunAt: time,
  changedAt: time,
  /** When the device ended it. */
  endedAt: time.nullable(),
  /** The time when all of it had arrived. */
  completeAt: time.nullable(),
  alarm: z.enum(['raised', 'putAway']).nullable(),
  announced: count,
  arrived: count,
  /** Number of instances that arrived in these series without being announced. */
  unannounced: count,
  series: z.array(
    z.object({ seriesInstanceUid: z.string(), announced: count, arrived: count, unannounced: count }),
  ),
})

/** Incomplete steps first, then the newest. */
export const procedureStepsSchema = z.object({ procedureSteps: z.array(procedureStepSchema) })

export type ProcedureStepView = z.infer<typeof procedureStepSchema>
export type ProcedureStepsView = z.infer<typeof procedureStepsSchema>
