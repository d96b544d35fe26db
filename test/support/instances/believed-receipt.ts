import type { BelievedReceipt } from '../../../src/agent/queue/study-rows.ts'

/** A receipt that was checked, where a test is not about the chain of receipts. */
export const BELIEVED: BelievedReceipt = {
  jws: 'receipt',
  counter: 1,
  digest: 'd'.repeat(64),
  previous: null,
}
