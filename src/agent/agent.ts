import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentSettings } from '../config/agent-settings.ts'
import type { CallerTrouble } from '../dimse/association/caller-trouble.ts'
import { deviceTls } from '../dimse/scu/device-tls.ts'
import { DEFAULT_LIMITS } from '../dimse/wire/dimse-limits.ts'
import { Ballast } from '../platform/ballast.ts'
import type { Clock } from '../platform/clock.ts'
import type { Failure } from '../platform/failure.ts'
import { lockFolder } from '../platform/folder-lock.ts'
import type { Log } from '../platform/log.ts'
import { keepFolderPrivate } from '../platform/private-file.ts'
import { proveWritable } from '../platform/prove-writable.ts'
import { sqliteDriver } from '../platform/sqlite-driver/sqlite-driver.ts'
import { CommitmentService } from './arrival/commitment-service.ts'
import { type DeviceDoors, openDoors } from './arrival/device-doors.ts'
import { DeviceList } from './arrival/device-list.ts'
import { DeviceWatch } from './arrival/device-watch.ts'
import { priorityOf } from './arrival/priority-of.ts'
import { ProcedureStepService } from './arrival/procedure-step-service.ts'
import { StorageGate } from './arrival/storage-gate.ts'
import { StorageService } from './arrival/storage-service.ts'
import { BackgroundWork, tellCenterChange } from './background-work.ts'
import { AgentService } from './control/agent-service.ts'
import { startControlServer } from './control/control-server.ts'
import { SinceStart } from './control/since-start.ts'
import { PreparedSealers } from './envelope/prepared-sealers.ts'
import { History } from './history/history.ts'
import { IntakeDesk } from './intake/intake-desk.ts'
import { openTreatments } from './intake/open-treatments.ts'
import { takeInstance } from './intake/take-instance.ts'
import { takeTestImage } from './intake/take-test-image.ts'
import type { Treatments } from './intake/treatments.ts'
import { JoinWatch } from './join-watch.ts'
import { openAudit } from './open-audit.ts'
import { openFolders } from './open-folders.ts'
import { openOrders } from './open-orders.ts'
import { forgetNames, openDisplayNames } from './queue/display/display-names.ts'
import { openQueue, type Queue } from './queue/open-queue.ts'
import { SpoolRoom } from './queue/spool-room.ts'
import { recoverQueue } from './recover-queue.ts'
import { CenterAccount } from './send/center-account.ts'
import { CENTER } from './send/destination.ts'
import { TrustedKeys } from './send/trusted-keys.ts'
import { CommitmentReporter } from './settle/commitment-reporter.ts'
import { Completeness } from './settle/completeness.ts'
import { CommitmentReports } from './settle/report-commitment.ts'
import { watchConditions } from './watch-conditions.ts'

/** Room for the index on a full disk: some dozens of its transactions. */
const BALLAST_BYTES = 1024 ** 2

export interface RunningAgent extends AsyncDisposable {
  /** Where devices connect. */
  port: number
  tlsPort: number | undefined
  /** Serves the CLI and the status page. */
  service: AgentService
  /** Writes to the spool and reads the index as an instance does. Rejects with the fault. */
  selfCheck(): Promise<void>
  /** Resolves if the index proves to be damaged while it is used: the agent must then be stopped and started again. */
  indexDamaged: Promise<Failure>
}

interface Surroundings {
  clock: Clock
  log: Log
  /** The service manager's CREDENTIALS_DIRECTORY, if it has one. */
  credentialsFolder?: string | undefined
  /** Reads the configuration again, for settings that can change while the agent runs; without it none can. */
  readSettings?: () => AgentSettings
  /** Starts this agent again, with its present configuration; without it a person must. */
  restart?: () => void
  /** {@link RunningAgent.indexDamaged} was told: all of the index is looked at before it is used. */
  isIndexSuspect?: boolean
}

/**
 * WHAT RUNS IN THE CLINIC, put together. The parts start against the direction in which instances flow, so that nothing
 * is taken in before it can go on; they stop with it: first the devices' door, then what is under way.
 * An agent that has joined no center answers devices and people and takes no instance; it goes on by itself when it has
 * joined. Throws AGENT_KEY_LOST, ALREADY_RUNNING, STORAGE_ERROR, PORT_IN_USE, and
 * KEY_FILE_INVALID for files of TLS that don't fit.
 */
export async function startAgent(
  settings: AgentSettings,
  { clock, log, credentialsFolder, readSettings, restart, isIndexSuspect = false }: Surroundings,
): Promise<RunningAgent> {
  mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 })
  if (keepFolderPrivate(settings.dataFolder))
    log.warn('data folder was open to other users', { folder: settings.dataFolder })
  await using stack = new AsyncDisposableStack()
  stack.use(lockFolder(settings.dataFolder, 'Ferry agent'))
  // Makes the key of a new agent before its index: an index without a key is the trace of a lost one.
  const { account } = await CenterAccount.openToJoin(settings.dataFolder)
  const keys = new TrustedKeys(account, settings.recipients)

  const names = {
    setting: settings.displayNames,
    keysFolder: join(settings.dataFolder, 'keys'),
    credentialsFolder,
  }
  const displayNames = await openDisplayNames(names, log)
  const devices = new DeviceList(
    settings.devices,
    settings.unknownDevices === 'accept',
    settings.listener.aeTitles,
  )
  const hasPriority = priorityOf(devices, settings.send.priority ?? [])
  const queue = stack.use(
    await openQueue(
      settings.dataFolder,
      clock,
      [CENTER],
      displayNames,
      isIndexSuspect ? Number.POSITIVE_INFINITY : undefined,
      hasPriority,
    ),
  )
  await forgetNames(names, queue.display, log)
  if (account.isEnrolled) tellCenterChange(queue.ownCenter.take(account.address().center), log)
  await recoverQueue(queue, settings.retention.confirmedMs, { clock, log })
  const { alarms, sightings } = queue
  const { reserveBytes } = settings.limits
  stack.use(new Ballast({ folder: settings.dataFolder, bytes: BALLAST_BYTES, reserveBytes, clock, log }))
  const room = new SpoolRoom(join(settings.dataFolder, 'spool'), reserveBytes, clock)
  const storage = stack.use(
    new StorageGate({
      folder: settings.dataFolder,
      reserveBytes,
      room,
      clock,
      log,
      alarms,
      writeRows: () => queue.lateRows.write(),
    }),
  )
  await storage.watch()

  const reports = commitmentReports({ settings, queue, devices, clock, log })
  const { treatments } = stack.use(await openTreatments(settings, { clock, log }))
  const completeness = new Completeness({
    steps: queue.procedureSteps,
    otherUids: (sopInstanceUid) => treatments.otherUids(sopInstanceUid),
    patienceMs: settings.procedureSteps.patienceMs,
    alarms,
    clock,
    log,
  })
  const audit = openAudit(settings.dataFolder, account.signingKey, { clock, log }, stack)
  const history = stack.use(await History.open({ folder: settings.dataFolder, clock, log }))
  const sinceStart = new SinceStart(history)
  const work = stack.use(
    new BackgroundWork({
      settings,
      account,
      keys,
      queue,
      room,
      reports,
      completeness,
      hasPriority,
      history,
      sinceStart,
      audit,
      clock,
      log,
    }),
  )
  if (account.isEnrolled) work.start()
  const storageFailed = (failure: Failure): void => storage.failed(failure)
  queue.lateRows.connect({ refused: storageFailed, written: () => work.rowsWritten() })
  const recorded = { records: queue.devices, sightings, counts: sinceStart }
  const watch = new DeviceWatch({ devices, ...recorded, clock, storageFailed })
  stack.defer(() => watch.flush())
  const intake = openDesk({ settings, keys, queue, storage, work, treatments, clock, log })
  const server = stack.use(
    await listen({
      settings,
      intake,
      keys,
      queue,
      storage,
      work,
      reports,
      completeness,
      devices,
      watch,
      clock,
      log,
    }),
  )

  const { port, tlsPort } = server
  const orders = await openOrders({ settings, account, displayNames, keys, queue, intake, clock, log })
  if (orders !== undefined) stack.use(orders)
  const parts = { settings, account, keys, queue, storage, devices, intake, orders, clock, log }
  const folders = await openFolders(parts)
  if (folders !== undefined) stack.use(folders)
  const service = new AgentService({
    settings,
    port,
    account,
    keys,
    queue,
    room,
    storage,
    work,
    completeness,
    sinceStart,
    audit,
    history,
    folders,
    orders,
    takeTestImage: async () => {
      const study = await takeTestImage(intake, settings.listener.aeTitles[0] ?? 'FERRY', clock.now())
      work.studyIsWhole(study)
      return study
    },
    takeInstance: async (request, dataSet) => {
      const { callingAeTitle } = request
      const device = devices.devices.find(({ aeTitle }) => aeTitle === callingAeTitle)
      const offered = { ...request, calledAeTitle: settings.listener.aeTitles[0] ?? 'FERRY' }
      const { findings, instances: _, ...taken } = await takeInstance(intake, offered, dataSet, device)
      return { ...taken, findings: [...findings] }
    },
    restart,
    devices: { list: devices, watch, readSettings },
    clock,
    log,
  })
  stack.use(
    watchConditions({ status: () => service.status(), queue, heartbeats: work.heartbeats, clock, log }),
  )
  stack.use(await startControlServer({ dataFolder: settings.dataFolder, service, audit, log }))
  log.info('agent started', {
    host: settings.listener.host,
    port,
    tlsPort,
    center: account.isEnrolled ? account.address().url : null,
    displayNames: displayNames.state,
    sqlite: sqliteDriver().name,
  })
  if (!account.isEnrolled) {
    log.warn('no center joined: images are turned away until ferry join', { code: 'NOT_ENROLLED' })
    stack.use(
      new JoinWatch({ account, clock, log, joined: () => begin({ account, keys, queue, work, log }) }),
    )
  }
  const running = stack.move()
  const indexDamaged = firstFailure(queue.soundness)
  const selfCheck = async (): Promise<void> => {
    await proveWritable(join(settings.dataFolder, 'spool'))
    queue.alarms.list()
  }
  return {
    port,
    tlsPort,
    service,
    selfCheck,
    indexDamaged,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/**
 * Begins to take and to send instances, once the agent belongs to a center. In one turn of the event loop; the index
 * remembers the center before the first instance is sealed for it.
 */
function begin({
  account,
  keys,
  queue,
  work,
  log,
}: Pick<Listening, 'keys' | 'queue' | 'work' | 'log'> & { account: CenterAccount }): void {
  const { url, center } = account.address()
  tellCenterChange(queue.ownCenter.take(center), log)
  keys.renew()
  work.start()
  log.info('joined to a center', { url, center })
}

interface Listening extends Surroundings {
  settings: AgentSettings
  keys: TrustedKeys
  queue: Queue
  storage: StorageGate
  work: BackgroundWork
  reports: CommitmentReports
  completeness: Completeness
  devices: DeviceList
  watch: DeviceWatch
  intake: IntakeDesk
}

/** Takes instances from an association, or from this agent itself, to the queue. */
function openDesk({
  settings: { listener, limits, checking },
  keys,
  ...parts
}: Omit<Listening, 'intake' | 'reports' | 'completeness' | 'devices' | 'watch'> & {
  treatments: Treatments
}): IntakeDesk {
  return new IntakeDesk({
    ...parts,
    listener: listener.name,
    recipients: () => keys.recipients,
    sealers: new PreparedSealers(),
    instanceLimitBytes: limits.instanceBytes,
    checking,
  })
}

/** Opens the ports for devices: the first half of an instance's path. */
function listen(parts: Listening): Promise<DeviceDoors> {
  const { settings, keys, queue, storage, devices, watch, intake, clock, log } = parts
  const { listener, limits } = settings
  const storageFailed = (failure: Failure): void => storage.failed(failure)
  const commitment = new CommitmentService({
    commitments: queue.commitments,
    recorded: (id, open) => parts.reports.recorded(id, open),
    storageFailed,
    log,
  })
  const procedureSteps = new ProcedureStepService({
    steps: queue.procedureSteps,
    ended: () => parts.completeness.wake(),
    storageFailed,
    log,
  })
  const handlers = new StorageService({
    devices,
    commitment,
    procedureSteps,
    watch,
    storage,
    intake,
    isJoined: () => keys.areKnown,
    log,
  })
  const { associations, associationsPerPeer, idleMs, pduBytes: maxPduLength } = limits
  const plain = {
    host: listener.host,
    port: listener.port,
    handlers,
    known: devices,
    clock,
    log,
    limits: { ...DEFAULT_LIMITS, associations, associationsPerPeer, idleMs, maxPduLength },
    onTrouble: (trouble: CallerTrouble) => watch.callerTroubled(trouble),
  }
  const tls = listener.tls && { ...listener.tls, isOnlyDoor: listener.plain === false }
  return openDoors(plain, tls, queue.alarms)
}

/** Reports the state of their instances to devices that asked for storage commitment. */
function commitmentReports({
  settings,
  queue,
  devices,
  clock,
  log,
}: Pick<Listening, 'settings' | 'queue' | 'devices' | 'clock' | 'log'>): CommitmentReports {
  const reporter = new CommitmentReporter(
    (caller) => devices.find(caller)?.dicom,
    () => deviceTls(settings.listener.tls),
    clock,
  )
  return new CommitmentReports({
    commitments: queue.commitments,
    settings: settings.commitment,
    send: (commitment, references, open, signal) => reporter.send(commitment, references, open, signal),
    alarms: queue.alarms,
    clock,
    log,
  })
}

async function firstFailure(soundness: Promise<Failure | undefined>): Promise<Failure> {
  const failure = await soundness
  return failure ?? (await new Promise<never>(() => {}))
}
