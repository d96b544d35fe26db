import type { Hl7Report } from '../../../src/agent/orders/hl7/hl7-report.ts'
import { Orders } from '../../../src/agent/orders/service/orders.ts'
import { DisplayKey } from '../../../src/agent/queue/display/display-key.ts'
import type { DisplayNames } from '../../../src/agent/queue/display/display-records.ts'
import { openQueue } from '../../../src/agent/queue/open-queue.ts'
import type { OrderSourceSettings } from '../../../src/config/order-settings.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { RecordingLog } from '../recording-log.ts'

/** Orders with a queue of their own, in a folder of the test. */
export interface TestOrders extends AsyncDisposable {
  readonly orders: Orders
  readonly log: RecordingLog
  readonly reports: Hl7Report[]
  alarms(): { code: string; subject: string }[]
}

interface TestOrdersOptions {
  readonly folder: string
  readonly sources: readonly OrderSourceSettings[]
  readonly clock?: Clock
  readonly names?: DisplayNames
  /** Throws to refuse a report. */
  readonly takeReport?: (report: Hl7Report) => void
}

export const TEST_NAMES: DisplayNames = { state: 'local-key', key: new DisplayKey(Buffer.alloc(32, 7)) }

export async function ordersOf(options: TestOrdersOptions): Promise<TestOrders> {
  const { folder, sources, clock = systemClock, names = TEST_NAMES, takeReport } = options
  const log = new RecordingLog()
  const reports: Hl7Report[] = []
  const queue = await openQueue(folder, clock, ['center'])
  const orders = await Orders.open({
    dataFolder: folder,
    sources,
    names,
    tls: () => undefined,
    takeReport: async (report) => {
      takeReport?.(report)
      reports.push(report)
    },
    alarms: queue.alarms,
    clock,
    log,
  })
  return {
    orders,
    log,
    reports,
    alarms: () => queue.alarms.list().map(({ code, subject }) => ({ code, subject })),
    [Symbol.asyncDispose]: async () => {
      await orders[Symbol.asyncDispose]()
      queue[Symbol.dispose]()
    },
  }
}
