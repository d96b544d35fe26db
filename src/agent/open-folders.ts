import type { AgentSettings } from '../config/agent-settings.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { DeviceList } from './arrival/device-list.ts'
import type { WatchedFolders } from './arrival/folders/watched-folders.ts'
import type { StorageGate } from './arrival/storage-gate.ts'
import type { IntakeDesk } from './intake/intake-desk.ts'
import { takeInstance } from './intake/take-instance.ts'
import type { Orders } from './orders/service/orders.ts'
import type { Queue } from './queue/open-queue.ts'
import type { CenterAccount } from './send/center-account.ts'
import type { TrustedKeys } from './send/trusted-keys.ts'

interface FolderParts {
  readonly settings: AgentSettings
  readonly account: CenterAccount
  readonly keys: TrustedKeys
  readonly queue: Queue
  readonly storage: StorageGate
  readonly devices: DeviceList
  readonly intake: IntakeDesk
  /** Undefined if no source of orders is set. */
  readonly orders: Orders | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Begins to watch the folders of the settings. Without any, nothing of it is loaded. */
export async function openFolders(parts: FolderParts): Promise<WatchedFolders | undefined> {
  const { settings, account, keys, queue, storage, devices, intake, orders, clock, log } = parts
  if (settings.folders.length === 0) return undefined
  const { WatchedFolders } = await import('./arrival/folders/watched-folders.ts')
  return await WatchedFolders.open({
    folders: settings.folders,
    dataFolder: settings.dataFolder,
    devices,
    calledAeTitle: settings.listener.aeTitles[0] ?? 'FERRY',
    agentId: account.signingKey.kid,
    take: (offered, dataSet, device) => takeInstance(intake, offered, dataSet, device),
    orders,
    paused: () => (keys.areKnown ? storage.trouble() : 'this agent has joined no center yet'),
    ledger: queue.folderLedger,
    alarms: queue.alarms,
    clock,
    log,
  })
}
