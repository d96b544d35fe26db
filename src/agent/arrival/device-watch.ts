import { sopClassName, VERIFICATION_SOP_CLASS_UID } from '../../dicom/vocabulary/sop-class.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { transferSyntaxName } from '../../dicom/vocabulary/transfer-syntax.ts'
import type { AssociationRequest, StoreAnswer, StoreRequest } from '../../dimse/association/association.ts'
import type { CallerTrouble } from '../../dimse/association/caller-trouble.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { CallerKey, DeviceProblem, DeviceRecords, Received } from '../queue/devices/device-records.ts'
import type { Sightings } from '../queue/devices/sightings.ts'
import { CallerTroubles } from './caller-troubles.ts'
import type { CallerRefusal, DeviceList } from './device-list.ts'

const WRITE_EVERY_MS = 1000
/** Maximum number of proposed names that are kept for one caller; the others are only counted. */
const KEPT_NAMES = 32

/** Told of every rejected association, by the kind of problem, and of every refused instance, by its code. */
interface TurnedAway {
  associationRejected(kind: string): void
  instanceRefused(code: string): void
}

interface DeviceWatchOptions {
  devices: DeviceList
  records: DeviceRecords
  sightings: Sightings
  clock: Clock
  /** Counts what was turned away. */
  counts?: TurnedAway
  /** Called if the index could not be written. */
  storageFailed: (failure: Failure) => void
}

/** Records for every device its proposals, its instances and its latest problem, for the people who look after it. */
export class DeviceWatch {
  readonly #options: DeviceWatchOptions
  readonly #received = new Map<string, CallerKey & Received>()
  readonly #troubles: CallerTroubles
  #writtenMs = Number.NEGATIVE_INFINITY

  constructor(options: DeviceWatchOptions) {
    this.#options = options
    this.#troubles = new CallerTroubles(options)
  }

  /** Throws DATABASE_ERROR: an index that cannot record a sighting cannot record an instance either. */
  called(request: AssociationRequest, refusal: CallerRefusal | undefined): void {
    const { records, sightings, counts, clock } = this.#options
    if (refusal !== undefined) counts?.associationRejected(refusal.kind)
    this.#troubles.write()
    sightings.record(request, refusal?.reason)
    records.proposed(request, proposalOf(request))
    if (refusal !== undefined) records.troubled(request, refusal, clock.now())
  }

  /** Records a problem of a device. Never throws. */
  troubled(caller: CallerKey, problem: DeviceProblem): void {
    this.#write(() => this.#options.records.troubled(caller, problem, this.#options.clock.now()))
  }

  /**
   * Records a caller that got no association, or lost presentation contexts, without a decision about it. The record is
   * written a little later, so that a port scan costs little. Never throws.
   */
  callerTroubled(trouble: CallerTrouble): void {
    this.#troubles.add(trouble)
    if (trouble.kind !== 'contexts') this.#options.counts?.associationRejected(trouble.kind)
    if (this.#options.clock.monotonicMs() - this.#writtenMs >= WRITE_EVERY_MS) this.flush()
  }

  /** Counts an instance that was taken; notes the reason if it was not. Never throws. */
  answered(request: StoreRequest, { status, errorComment }: StoreAnswer, bytes: number): void {
    const { association, sopClassUid, transferSyntaxUid } = request
    if (status !== STORAGE_STATUS.Success) {
      const detail = errorComment ?? status.toString(16).padStart(4, '0').toUpperCase()
      this.#options.counts?.instanceRefused(detail)
      return this.troubled(association, { kind: 'instance', detail })
    }
    const { callingAeTitle, peerAddress } = association
    const key = JSON.stringify([callingAeTitle, peerAddress])
    const before = this.#received.get(key) ?? { instances: 0, bytes: 0 }
    this.#received.set(key, {
      callingAeTitle,
      peerAddress,
      instances: before.instances + 1,
      bytes: before.bytes + bytes,
      lastAt: this.#options.clock.now(),
      sopClassUid: sopClassUid.slice(0, LONGEST_UID),
      transferSyntaxUid,
    })
    if (this.#options.clock.monotonicMs() - this.#writtenMs >= WRITE_EVERY_MS) this.flush()
  }

  /** Writes down what was counted. Never throws. */
  flush(): void {
    this.#writtenMs = this.#options.clock.monotonicMs()
    this.#write(() => {
      for (const [key, received] of this.#received) {
        this.#options.records.received(received, received)
        this.#received.delete(key)
      }
      this.#troubles.write()
    })
  }

  #write(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#options.storageFailed(failureFrom(error, 'DATABASE_ERROR', 'writing down what a device does'))
    }
  }
}

const LONGEST_UID = 64

/** Services that devices propose in addition to storage (PS3.6 Table A-1). */
const SERVICE_NAMES = new Map([
  [VERIFICATION_SOP_CLASS_UID, 'Verification'],
  ['1.2.840.10008.1.20.1', 'Storage Commitment Push Model'],
  ['1.2.840.10008.3.1.2.3.3', 'Modality Performed Procedure Step'],
  ['1.2.840.10008.5.1.4.31', 'Modality Worklist - FIND'],
  ['1.2.840.10008.5.1.4.1.2.1.1', 'Patient Root Query/Retrieve - FIND'],
  ['1.2.840.10008.5.1.4.1.2.2.1', 'Study Root Query/Retrieve - FIND'],
  ['1.2.840.10008.5.1.4.1.2.2.2', 'Study Root Query/Retrieve - MOVE'],
])

/** Returns the standard's name of a SOP class, or its UID if it has none. */
export function nameOfSopClass(uid: string): string {
  return sopClassName(uid) ?? SERVICE_NAMES.get(uid) ?? uid.slice(0, LONGEST_UID)
}

export function nameOfTransferSyntax(uid: string): string {
  return transferSyntaxName(uid) ?? uid.slice(0, LONGEST_UID)
}

function proposalOf({ contexts, implementationClassUid, implementationVersionName }: AssociationRequest) {
  const sopClasses = new Set(contexts.map(({ abstractSyntaxUid }) => nameOfSopClass(abstractSyntaxUid)))
  const syntaxes = new Set(
    contexts.flatMap(({ transferSyntaxUids }) => transferSyntaxUids.map(nameOfTransferSyntax)),
  )
  return {
    sopClasses: Array.from(sopClasses).slice(0, KEPT_NAMES),
    moreSopClasses: Math.max(0, sopClasses.size - KEPT_NAMES),
    transferSyntaxes: Array.from(syntaxes).slice(0, KEPT_NAMES),
    implementationClassUid: implementationClassUid?.slice(0, LONGEST_UID) ?? null,
    implementationVersionName: implementationVersionName?.slice(0, LONGEST_UID) ?? null,
  }
}
