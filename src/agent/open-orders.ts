import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentSettings } from '../config/agent-settings.ts'
import { deviceTls } from '../dimse/scu/device-tls.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { IntakeDesk } from './intake/intake-desk.ts'
import { takeInstance } from './intake/take-instance.ts'
import type { Orders } from './orders/service/orders.ts'
import type { DisplayNames } from './queue/display/display-records.ts'
import type { Queue } from './queue/open-queue.ts'
import type { CenterAccount } from './send/center-account.ts'
import type { TrustedKeys } from './send/trusted-keys.ts'

interface OrderParts {
  readonly settings: AgentSettings
  readonly displayNames: DisplayNames
  readonly keys: TrustedKeys
  readonly queue: Queue
  readonly intake: IntakeDesk
  readonly account: CenterAccount
  readonly clock: Clock
  readonly log: Log
}

/** Alarms about sources; each start begins without them. */
const ALARMS = [
  'ORDERS_UNREACHABLE',
  'ORDERS_REFUSED',
  'ORDERS_INVALID',
  'ORDERS_NOT_KEPT',
  'MESSAGE_INVALID',
  'REPORT_UNASSIGNED',
]
/** Every order is over by then. */
const FORGOTTEN_MS = 14 * 86_400_000

/** Begins to ask the sources of the settings. Without any, nothing of it is loaded. */
export async function openOrders(parts: OrderParts): Promise<Orders | undefined> {
  const { settings, displayNames, keys, queue, intake, account, clock, log } = parts
  for (const code of ALARMS) queue.alarms.putAway(code)
  if (settings.orders.length === 0) {
    await forget(settings.dataFolder, clock)
    return undefined
  }
  const [{ Orders }, { ReportDesk }, { openUidSecret }] = await Promise.all([
    import('./orders/service/orders.ts'),
    import('./reports/report-desk.ts'),
    import('./arrival/folders/uid-secret.ts'),
  ])
  const desk = new ReportDesk({
    take: (offered, dataSet) => takeInstance(intake, offered, dataSet),
    isJoined: () => keys.areKnown,
    uidSecret: await openUidSecret(join(settings.dataFolder, 'keys')),
    agentId: account.signingKey.kid,
    calledAeTitle: settings.listener.aeTitles[0] ?? 'FERRY',
    nowMs: () => clock.now(),
  })
  return await Orders.open({
    dataFolder: settings.dataFolder,
    sources: settings.orders,
    names: displayNames,
    tls: () => deviceTls(settings.listener.tls),
    takeReport: (report, match, source) => desk.take(report, match, source),
    alarms: queue.alarms,
    clock,
    log,
  })
}

/** Removes the orders of sources that are no longer configured, when they are over. */
async function forget(dataFolder: string, clock: Clock): Promise<void> {
  const path = join(dataFolder, 'orders.sqlite')
  if (!existsSync(path) || clock.now() - statSync(path).mtimeMs < FORGOTTEN_MS) return
  const { OrderStore } = await import('./orders/cache/order-store.ts')
  OrderStore.remove(dataFolder)
}
