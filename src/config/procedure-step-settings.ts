import { z } from 'zod'
import * as setting from './setting/setting.ts'

/** How what devices announce by MPPS is compared with what comes. */
export interface ProcedureStepSettings {
  /** So long after a device has ended a procedure step, what it announced and did not send is an alarm. */
  readonly patienceMs: number
}

export const procedureStepsSchema = z
  .strictObject({
    wait: setting
      .duration('So long after the device has ended a step, missing instances are an alarm', '1m', '30d')
      .prefault('1h'),
  })
  .transform(({ wait }): ProcedureStepSettings => ({ patienceMs: wait }))
  .describe('MPPS: what devices announce is compared with what comes')
