import { z } from 'zod'
import * as setting from './setting/setting.ts'

/** How long a device waits for what about storage commitment. */
export interface CommitmentSettings {
  /** An instance that has not come by then is reported as not here. */
  readonly arrivalMs: number
  /** An instance that is here and has no receipt by then is reported as failed. */
  readonly receiptMs: number
  /** Time for which a report that does not get through is tried. */
  readonly reportMs: number
}

export const commitmentSchema = z
  .strictObject({
    arrival: setting
      .duration('An instance that has not come by then is reported as not here', '0s', '7d')
      .prefault('1h'),
    receipt: setting
      .duration('An instance without receipt by then is reported as failed', '1m', '30d')
      .prefault('3d'),
    report: setting.duration('Time for which a report is tried', '1h', '90d').prefault('7d'),
  })
  .transform(
    ({ arrival, receipt, report }): CommitmentSettings => ({
      arrivalMs: arrival,
      receiptMs: receipt,
      reportMs: report,
    }),
  )
  .describe('Storage commitment: what devices are told about their instances')
