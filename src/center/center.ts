import { join } from 'node:path'
import { AuditTrail } from '../audit/audit-trail.ts'
import type { DicomwebServer } from '../dicomweb/dicomweb-connection.ts'
import { StowClient } from '../dicomweb/stow-client.ts'
import { WadoClient } from '../dicomweb/wado-client.ts'
import type { Digest, DigestTimes } from '../messages/digest.ts'
import type { Message, MessageTarget } from '../messages/message.ts'
import { Messenger } from '../messages/messenger.ts'
import { Ballast } from '../platform/ballast.ts'
import type { Clock } from '../platform/clock.ts'
import { failureFrom } from '../platform/failure.ts'
import { lockFolder } from '../platform/folder-lock.ts'
import type { Log } from '../platform/log.ts'
import { keepFolderPrivate } from '../platform/private-file.ts'
import { proveWritable } from '../platform/prove-writable.ts'
import { sqliteDriver } from '../platform/sqlite-driver/sqlite-driver.ts'
import { DiskSpace } from './disk/disk-space.ts'
import { Authenticator } from './front/authenticate.ts'
import { Front, type ListenAt } from './front/front.ts'
import { HeartbeatDoor } from './front/heartbeat-door.ts'
import { ManifestDoor } from './front/manifest-door.ts'
import { HandOn } from './hand-on/hand-on.ts'
import { clearPacsNotes } from './hand-on/pacs-note.ts'
import { pacsTerms } from './hand-on/pacs-terms.ts'
import { type CertificateFiles, readIdentity } from './keys/center-identity.ts'
import { checkCenterFolder, checkCenterIdentity } from './keys/check-center-folder.ts'
import { KeyRing } from './keys/key-ring.ts'
import { PackWorker } from './opening/pack-worker.ts'
import type { AlarmTimes, Condition } from './operate/condition.ts'
import { ConditionWatch } from './operate/condition-watch.ts'
import { ToldConditions } from './operate/told-conditions.ts'
import { RecordBudget } from './receipts/record-budget.ts'
import { AgentRuns } from './register/agent-runs.ts'
import type { Agent, Register } from './register/register.ts'
import { openRegister } from './register/sqlite/open-register.ts'
import { type CenterCounts, RequestCounts } from './request-counts.ts'
import type { InstanceStore } from './store/instance-store.ts'
import { openStore } from './store/open-store.ts'
import { PackStore } from './store/pack-store.ts'
import { PresenceSweep } from './store/presence-sweep.ts'
import { type ScrubPace, StoreScrub } from './store/store-scrub.ts'
import { StoreWatch } from './store/store-watch.ts'
import { StoredFiles } from './store/stored-files.ts'
import { PackUploads } from './uploads/pack-uploads.ts'
import { UploadLedger } from './uploads/upload-ledger.ts'
import type { UploadLimits } from './uploads/upload-limits.ts'

export interface CenterOptions {
  /** Created by initCenter; one center works in it at a time. */
  readonly folder: string
  /** The file that these options come from; the center's identity is recorded next to it. */
  readonly configFile?: string
  readonly listen: ListenAt
  /** The center's name in its key list: what clinics see. */
  readonly name: string
  readonly tls?: CertificateFiles
  readonly pacs?: PacsOptions
  readonly limits: UploadLimits
  /** Rate and interval of reading stored files again. */
  readonly scrub?: ScrubPace
  /** Times after which a condition needs a person. */
  readonly alarms?: AlarmTimes
  /** The targets that are told of conditions, and the words; undefined: no messages are sent. */
  readonly messages?: CenterMessages
}

interface CenterMessages {
  readonly targets: readonly MessageTarget[]
  readonly times: DigestTimes
  readonly compose: (digest: Digest<Condition>, now: number) => Message
}

/** The PACS that instances are handed on to. */
interface PacsOptions extends DicomwebServer {
  /** The address where the PACS returns its copies (WADO-RS); `url` by default. */
  readonly wadoUrl?: string
  /** Policies of the copies meant for it; by default identified and normalized ones. */
  readonly policies?: readonly string[]
  /** Treatment of instances whose UIDs only a second reading found; held by default. */
  readonly secondReadings?: 'hold' | 'hand-on'
}

/** Clock and log of a center; handed in so that tests can move time and read the log. */
interface CenterSurroundings {
  readonly clock: Clock
  readonly log: Log
}

/** A running center. */
export interface Center extends AsyncDisposable {
  readonly port: number
  readonly address: string
  /**
   * Writes to the folders of packs and instances, and reads the register. Resolves with `false` if the disk of instances is
   * not mounted, which is a condition of its own. Rejects with the fault.
   */
  selfCheck(): Promise<boolean>
  /** The work of this process since its start. */
  counts(): CenterCounts
  /** Ends every connection, leaves running work in a state in which it can continue, and releases the folder. */
  close(): Promise<void>
}

/** Defaults that suit a district. Agents put up to 64 MiB of instances into a pack; a larger instance has a pack of its own. */
export const DEFAULT_LIMITS: UploadLimits = {
  packBytes: 16 * 1024 ** 3,
  reserveBytes: 1024 ** 3,
  lifeMs: 7 * 24 * 3600 * 1000,
  ballastBytes: 1024 ** 2,
  agentUploads: 64,
  agentBytes: 64 * 1024 ** 3,
  agentRecordBytes: 256 * 1024 ** 2,
}

const HOUR_MS = 3600 * 1000

const DEFAULT_ALARMS: AlarmTimes = {
  agentSilentMs: 24 * HOUR_MS,
  pacsAwayMs: HOUR_MS,
  agentStuckMs: 12 * HOUR_MS,
  clockOffMs: 60_000,
}

/** A condition that is back within this time has not ended. */
const CONDITION_PAUSE_MS = 2 * 60_000

const DEFAULT_SCRUB: ScrubPace = { bytesPerSecond: 8 * 1024 ** 2, everyMs: 24 * 3600 * 1000 }

const SWEEP_EVERY_MS = 3600 * 1000

/**
 * Starts the center in its folder:
 *
 *   keys/  register.sqlite  packs/ (while they arrive)  instances/<study>/<series>/<SOP instance>.dcm
 */
export async function startCenter(options: CenterOptions & CenterSurroundings): Promise<Center> {
  if (keepFolderPrivate(options.folder))
    options.log.warn('data folder was open to other users', { folder: options.folder })
  await checkCenterFolder(options.folder, options.configFile)
  // Faulty keys are reported before the folder is locked and anything is opened.
  const { keys } = await readIdentity(options.folder, options.clock.now(), options.tls)
  checkCenterIdentity(options.folder, keys.root.kid, options.configFile)
  const held = new AsyncDisposableStack()
  try {
    held.use(lockFolder(options.folder, 'center'))
    // A register of a later version is refused before anything is written.
    const register = held.adopt(openRegister(options.folder), (it) => it.close())
    const audit = held.use(new AuditTrail({ ...ofCenter(options), key: keys.root }))
    audit.note({ action: 'started' })
    held.defer(() => audit.note({ action: 'stopped' }))
    const { front, selfCheck, counts } = await compose(options, { register, audit }, held)
    options.log.info('center started', {
      center: keys.root.kid,
      port: front.address.port,
      sqlite: sqliteDriver().name,
    })
    return {
      port: front.address.port,
      address: front.address.address,
      selfCheck,
      counts: () => counts.view(),
      close: () => held.disposeAsync(),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }
  } catch (error) {
    await held.disposeAsync()
    throw failureFrom(error, 'INTERNAL', 'starting the center')
  }
}

const ofCenter = ({ folder, clock, log }: CenterOptions & CenterSurroundings) =>
  ({ dataFolder: folder, program: 'ferry-center', clock, log }) as const

/** Builds everything in the order of dependence; `held` ends the parts in the opposite order. */
async function compose(
  options: CenterOptions & CenterSurroundings,
  { register, audit }: { readonly register: Register; readonly audit: AuditTrail },
  held: AsyncDisposableStack,
): Promise<{ front: Front; selfCheck: Center['selfCheck']; counts: RequestCounts }> {
  const { clock, log, limits } = options
  const ring = await KeyRing.open({ ...options, register })
  await noteStart(register, options)
  const packs = await PackStore.open(join(options.folder, 'packs'))
  const store = await openStore(options.folder, register, clock.now())
  const watch = held.use(new StoreWatch({ store, marker: register.marker, clock, log }))
  const files = new StoredFiles({ store, files: register.files, watch, clock, log })
  const space = openSpace(options, held)
  const ledger = new UploadLedger()
  const budget = new RecordBudget(limits.agentRecordBytes, clock)
  const counts = new RequestCounts()
  const handOn = await startHandOn(options, { register, audit }, { store, files }, held)
  const worker = new PackWorker({
    get identities() {
      return ring.identities
    },
    store,
    register,
    files,
    watch,
    packs,
    space,
    clock,
    log,
    pacs: pacsTerms(options.pacs),
    onStored: () => handOn?.wake(),
    onAnswered: (uploadId, agent, refusalBytes) => {
      counts.packAnswered()
      ledger.remove(uploadId)
      budget.charge(agent, refusalBytes)
    },
  })
  held.defer(() => worker.close())
  const uploads = new PackUploads({ register, packs, worker, space, ledger, budget, clock, limits })
  await uploads.recover()
  held.use(sweepRegularly(uploads, options))
  const authenticator = new Authenticator(register, ring.center, clock, log)
  const manifests = new ManifestDoor(space, budget, clock)
  const runs = new AgentRuns(register.agents, clock, log)
  const heartbeats = new HeartbeatDoor(register.heartbeats, budget, clock)
  const heard = { authenticator, runs, uploads, worker, manifests, heartbeats, counts }
  const receipted = ({ name, kid: id }: Agent, studyInstanceUid: string, instances: number): void =>
    audit.note({
      action: 'studyReceived',
      origin: { name, id },
      studies: [{ studyInstanceUid, instances }],
    })
  const means = { register, files, watch, clock, ring, receipted, ...heard }
  watch.start()
  lookAfter(options, register, { store, files }, held)
  const front = await Front.listen(means, ring.certificates, options.listen, log)
  held.adopt(front, (it) => it.close())
  ring.tlsChanged = (certificates) => front.show(certificates)
  held.use(lookRegularly(ring))
  await watchConditions(options, register, held)
  const selfCheck = async (): Promise<boolean> => {
    await register.marker.id()
    await proveWritable(join(options.folder, 'packs'))
    const isStoreThere = await watch.isPresent()
    if (isStoreThere) await proveWritable(store.place)
    return isStoreThere
  }
  return { front, selfCheck, counts }
}

/** A target is not told that it cannot be reached. */
const concerns = ({ code, subject }: Condition, target: string): boolean =>
  code !== 'MESSAGES_UNSENT' || subject !== target

async function watchConditions(
  { folder, limits, alarms = DEFAULT_ALARMS, messages, clock, log }: CenterOptions & CenterSurroundings,
  register: Register,
  held: AsyncDisposableStack,
): Promise<void> {
  await register.messages.keepOnly((messages?.targets ?? []).map(({ name }) => name))
  const ledger = new ToldConditions(register.messages)
  const messenger = messages && held.use(new Messenger({ ...messages, ledger, concerns, clock, log }))
  const pauseMs = messages?.times.afterMs ?? CONDITION_PAUSE_MS
  held.use(new ConditionWatch({ register, folder, limits, alarms, pauseMs, messenger, clock, log })).start()
}

function lookRegularly(ring: KeyRing): AsyncDisposable {
  const stop = new AbortController()
  const running = ring.run(stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

function openSpace(
  { folder, limits, clock, log }: CenterOptions & CenterSurroundings,
  held: AsyncDisposableStack,
): DiskSpace {
  const { reserveBytes, ballastBytes: bytes } = limits
  const ballast = held.use(new Ballast({ folder, bytes, reserveBytes, clock, log }))
  return new DiskSpace({ folder, reserveBytes, missingBallastBytes: () => ballast.missingBytes })
}

/** Records the start of this process for the status command. A center without a PACS does not wait for one. */
async function noteStart(
  { notes }: Register,
  { clock, log, pacs }: CenterOptions & CenterSurroundings,
): Promise<void> {
  try {
    await notes.clear('STARTED')
    await notes.keep('STARTED', clock.now(), '')
    if (pacs === undefined) await clearPacsNotes(notes)
  } catch (error) {
    const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'noting the start')
    log.warn('a note for the status command could not be written', { code, reason: message })
  }
}

/** Checks all stored files in the background from now on. */
function lookAfter(
  { scrub: pace = DEFAULT_SCRUB, clock, log }: CenterOptions & CenterSurroundings,
  { files: rows, marker, scrub }: Register,
  { store, files }: { store: InstanceStore; files: StoredFiles },
  held: AsyncDisposableStack,
): void {
  held.use(new PresenceSweep({ files, rows, marker, clock, log })).start()
  held.use(new StoreScrub({ store, files, rows, scrub, marker, pace, clock, log })).start()
}

async function startHandOn(
  { pacs: server, clock, log }: CenterOptions & CenterSurroundings,
  { register, audit }: { readonly register: Register; readonly audit: AuditTrail },
  { store, files }: { store: InstanceStore; files: StoredFiles },
  held: AsyncDisposableStack,
): Promise<HandOn | undefined> {
  const { isConfigured, takes } = pacsTerms(server)
  const disowned = await register.handOn.disown((policy) => isConfigured && takes(policy), clock.now())
  if (disowned > 0) log.warn('instances that waited for a PACS are for none now', { instances: disowned })
  if (server === undefined) return undefined
  const stow = held.use(await StowClient.open(server, clock))
  const wado = held.use(await WadoClient.open({ ...server, url: server.wadoUrl ?? server.url }, clock))
  const destination = { name: 'PACS', host: new URL(server.url).hostname }
  const handOn = new HandOn({
    pacs: {
      store: (instances, signal) => stow.store(instances, signal),
      copyOf: (instance, signal) => wado.copyOf(instance, signal),
    },
    handOn: register.handOn,
    notes: register.notes,
    store,
    files,
    takes,
    handedOn: (studyInstanceUid, instances) =>
      audit.note({ action: 'studyHandedOn', destination, studies: [{ studyInstanceUid, instances }] }),
    clock,
    log,
  })
  held.defer(() => handOn.close())
  return handOn
}

function sweepRegularly(uploads: PackUploads, { clock, log }: CenterSurroundings): AsyncDisposable {
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(SWEEP_EVERY_MS, stop.signal)
      await uploads.sweep().catch((error: unknown) => {
        const { code, message } = failureFrom(error, 'INTERNAL', 'forgetting expired uploads')
        log.error('expired uploads could not be removed', { code, reason: message })
      })
    }
  }
  const running = run().catch(() => {})
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
