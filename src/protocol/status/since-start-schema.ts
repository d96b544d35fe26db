import { z } from 'zod'

const count = z.int().nonnegative()
const countsByCode = z.record(z.string(), count)

const NOTHING_COUNTED = {
  packs: 0,
  delivered: 0,
  receipts: 0,
  rejectedAssociations: {},
  refusedInstances: {},
  failedRequests: {},
}

/** Events of the agent's process; they are counted from 0 again when it starts. */
export const sinceStartSchema = z
  .object({
    /** Packs that arrived at the center, and the instances in them that it took. */
    packs: count,
    delivered: count,
    receipts: count,
    /** By the kind of the device's problem. */
    rejectedAssociations: countsByCode,
    /** By failure code, or by DICOM status. */
    refusedInstances: countsByCode,
    /** Requests to the center that failed, by failure code; most are tried again. */
    failedRequests: countsByCode,
  })
  .default(NOTHING_COUNTED)
