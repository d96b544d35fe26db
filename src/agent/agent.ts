import { mkdirSync } from 'node:fs'
import type { AgentSettings } from '../config/agent-settings.ts'
import { DEFAULT_LIMITS } from '../dimse/dimse-limits.ts'
import { type DimseServer, listenForAssociations } from '../dimse/dimse-server.ts'
import type { Clock } from '../platform/clock.ts'
import { lockFolder } from '../platform/folder-lock.ts'
import type { Log } from '../platform/log.ts'
import { AgentService } from './agent-service.ts'
import { DeviceList } from './arrival/device-list.ts'
import { StorageGate } from './arrival/storage-gate.ts'
import { StorageService } from './arrival/storage-service.ts'
import { CenterKeys } from './center-keys.ts'
import { startControlServer } from './control-server.ts'
import { PreparedSealers } from './envelope/prepared-sealers.ts'
import { rehearseSealing } from './envelope/rehearse-sealing.ts'
import { InstanceIntake } from './intake.ts'
import { openQueue, type Queue } from './queue/open-queue.ts'
import { recoverSpool } from './queue/recover-spool.ts'
import { CenterAccount } from './send/center-account.ts'
import { CENTER, Sending } from './sending.ts'

export interface Agent extends AsyncDisposable {
  /** Where devices connect. */
  port: number
  /** What the CLI and the status page ask. */
  service: AgentService
}

interface Surroundings {
  clock: Clock
  log: Log
}

/**
 * WHAT RUNS IN THE CLINIC, put together. The parts start against the direction in which instances flow, so that nothing
 * is taken in before it can go on; they stop with it: first the devices' door, then what is under way.
 * Throws NOT_ENROLLED before the agent has joined a center, ALREADY_RUNNING, STORAGE_ERROR, PORT_IN_USE.
 */
export async function startAgent(settings: AgentSettings, { clock, log }: Surroundings): Promise<Agent> {
  rehearseSealing()
  mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 })
  await using stack = new AsyncDisposableStack()
  stack.use(lockFolder(settings.dataFolder, 'Ferry agent'))
  const account = await CenterAccount.open(settings.dataFolder)
  const keys = new CenterKeys(account, settings.recipients)

  const queue = stack.use(await openQueue(settings.dataFolder, clock, [CENTER]))
  await recover(queue, { clock, log })
  const { watchPoints } = queue
  const { reserveBytes } = settings.limits
  const storage = stack.use(
    new StorageGate({ folder: settings.dataFolder, reserveBytes, clock, log, watchPoints }),
  )
  await storage.watch()

  const sending = stack.use(new Sending({ settings, account, keys, queue, clock, log }))
  sending.start()
  const server = stack.use(await listen({ settings, keys, queue, storage, sending, clock, log }))

  const { port } = server
  const service = new AgentService({ settings, port, account, keys, queue, storage, sending, clock })
  stack.use(await startControlServer({ dataFolder: settings.dataFolder, service, log }))
  log.info('agent started', { host: settings.listener.host, port, center: account.address().url })
  const running = stack.move()
  return { port, service, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

interface Listening extends Surroundings {
  settings: AgentSettings
  keys: CenterKeys
  queue: Queue
  storage: StorageGate
  sending: Sending
}

/** Opens the door to the devices: the first half of an instance's path. */
function listen({ settings, keys, queue, storage, sending, clock, log }: Listening): Promise<DimseServer> {
  const { listener, limits, devices, unknownDevices } = settings
  const intake = {
    queue,
    storage,
    clock,
    log,
    listener: listener.name,
    recipients: () => keys.recipients,
    sealers: new PreparedSealers(),
    instanceLimitBytes: limits.instanceBytes,
    accepted: (study: string, bytes: number) => sending.accepted(study, bytes),
  }
  const handlers = new StorageService({
    devices: new DeviceList(devices, unknownDevices === 'accept'),
    aeTitles: listener.aeTitles,
    storageTrouble: () => storage.trouble(),
    takeInstance: (request) => new InstanceIntake(request, intake),
    watchPoints: queue.watchPoints,
    log,
  })
  const { associations, associationsPerPeer, idleMs, pduBytes: maxPduLength } = limits
  return listenForAssociations({
    host: listener.host,
    port: listener.port,
    handlers,
    clock,
    log,
    limits: { ...DEFAULT_LIMITS, associations, associationsPerPeer, idleMs, maxPduLength },
  })
}

/** What was acknowledged and is not there, or not readable, is an alarm that stands until a person has looked. */
async function recover({ spool, index, watchPoints }: Queue, { clock, log }: Surroundings): Promise<void> {
  const { missing, doubtful } = await recoverSpool(spool, index, clock.now(), log)
  for (const ulid of missing)
    watchPoints.raise('SPOOL_FILE_MISSING', ulid, 'accepted, and its spool file is gone')
  for (const ulid of doubtful)
    watchPoints.raise('SPOOL_FILE_INVALID', ulid, 'does not read as a spool file; kept, not sent')
}
