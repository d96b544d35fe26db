import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { DatabaseCare } from '../../platform/database-care.ts'
import { AcceptanceGroup } from './acceptance.ts'
import { Alarms } from './alarms.ts'
import { ConditionTimes } from './condition-times.ts'
import { Damage } from './damage.ts'
import { Deliveries } from './deliveries.ts'
import { DestinationTrouble } from './destination-trouble.ts'
import { Commitments } from './devices/commitments.ts'
import { DeviceRecords } from './devices/device-records.ts'
import { IgnoredCallers } from './devices/ignored-callers.ts'
import { ProcedureSteps } from './devices/procedure-steps.ts'
import { Sightings } from './devices/sightings.ts'
import { NO_NAMES } from './display/display-names.ts'
import { type DisplayNames, DisplayRecords } from './display/display-records.ts'
import { FailedRequests } from './failed-requests.ts'
import { Findings } from './findings.ts'
import { FolderLedger } from './folder-ledger.ts'
import { type HasPriority, InstanceIndex } from './instance-index.ts'
import { LateRows } from './late-rows.ts'
import { StudySearch } from './lists/study-search.ts'
import { type OpenedIndex, openIndex } from './open-index.ts'
import { OwnCenter } from './own-center.ts'
import { Packs } from './packs.ts'
import { PacsStates } from './receipts/pacs-states.ts'
import { ReceiptChain } from './receipts/receipt-chain.ts'
import { Receipted } from './receipts/receipted.ts'
import { Records } from './records.ts'
import { Retained } from './retained.ts'
import { RetentionTimes } from './retention-times.ts'
import { SegmentRecords } from './segments/segment-records.ts'
import { HeldFiles } from './spool/held-files.ts'
import { Spool } from './spool/spool.ts'
import { Studies } from './studies.ts'

/** A restarted PC accepts images again within seconds, for any number of records. */
const CHECK_WAIT_MS = 3000

/** The agent's queue: the spool and the parts of its index. */
export interface Queue extends Disposable {
  spool: Spool
  index: InstanceIndex
  isIndexNew: boolean
  /** The index that was found damaged at this start. */
  setAside: OpenedIndex['setAside']
  /** Resolves when every page of the index was checked: to its fault, or to undefined. */
  soundness: OpenedIndex['soundness']
  care: DatabaseCare
  acceptance: AcceptanceGroup
  commitments: Commitments
  conditionTimes: ConditionTimes
  deliveries: Deliveries
  damage: Damage
  devices: DeviceRecords
  ignoredCallers: IgnoredCallers
  display: DisplayRecords
  failedRequests: FailedRequests
  findings: Findings
  folderLedger: FolderLedger
  held: HeldFiles
  segments: SegmentRecords
  lateRows: LateRows
  ownCenter: OwnCenter
  packs: Packs
  procedureSteps: ProcedureSteps
  search: StudySearch
  studies: Studies
  receiptChain: ReceiptChain
  receipted: Receipted
  pacsStates: PacsStates
  records: Records
  retained: Retained
  retentionTimes: RetentionTimes
  alarms: Alarms
  destinationTrouble: DestinationTrouble
  sightings: Sightings
}

/**
 * Opens `folder`/spool and `folder`/queue.sqlite, creates missing parts and moves a damaged index aside. The caller
 * holds the folder's lock, and must compare the two by recoverSpool before any other use. A large index is checked for
 * `checkWaitMs` before it is used, and then during use.
 */
export async function openQueue(
  folder: string,
  clock: Clock,
  destinations: readonly string[],
  displayNames: DisplayNames = NO_NAMES,
  checkWaitMs = CHECK_WAIT_MS,
  hasPriority?: HasPriority,
): Promise<Queue> {
  const schema = join(import.meta.dirname, 'schema')
  const opened = await openIndex(join(folder, 'queue.sqlite'), schema, clock, checkWaitMs)
  const { database: direct, isNew: isIndexNew, setAside, soundness, care } = opened
  direct.leaveCheckpoints()
  const lateRows = new LateRows(new InstanceIndex(direct, clock, destinations, hasPriority), clock)
  const database = direct.after(() => lateRows.settle())
  const index = new InstanceIndex(database, clock, destinations, hasPriority)
  const segments = new SegmentRecords(database)
  const spool = await Spool.open(join(folder, 'spool'), segments, () => clock.now()).catch(
    (error: unknown) => {
      care[Symbol.dispose]()
      direct.close()
      throw error
    },
  )
  const held = new HeldFiles(spool)
  return {
    spool,
    index,
    isIndexNew,
    setAside,
    soundness,
    care,
    acceptance: new AcceptanceGroup(spool, lateRows, held),
    commitments: new Commitments(database, clock, destinations),
    conditionTimes: new ConditionTimes(database),
    deliveries: new Deliveries(database, clock),
    damage: new Damage(database, clock),
    devices: new DeviceRecords(direct),
    ignoredCallers: new IgnoredCallers(direct, clock),
    display: new DisplayRecords(direct, displayNames, clock),
    failedRequests: new FailedRequests(database, clock),
    findings: new Findings(database, clock, held),
    folderLedger: new FolderLedger(database),
    held,
    segments,
    lateRows,
    ownCenter: new OwnCenter(database, clock),
    packs: new Packs(database, clock),
    procedureSteps: new ProcedureSteps(database, clock),
    search: new StudySearch(database),
    studies: new Studies(database, clock),
    receiptChain: new ReceiptChain(database),
    receipted: new Receipted(database, clock),
    pacsStates: new PacsStates(database),
    records: new Records(database),
    retained: new Retained(database, clock),
    retentionTimes: new RetentionTimes(database),
    alarms: new Alarms(direct, clock),
    destinationTrouble: new DestinationTrouble(database, clock),
    sightings: new Sightings(direct, clock),
    [Symbol.dispose]: () => {
      care[Symbol.dispose]()
      lateRows[Symbol.dispose]()
      direct.close()
      spool[Symbol.dispose]()
    },
  }
}
