import {
  COMMITMENT_SOP_CLASS_UID,
  COMMITMENT_SOP_INSTANCE_UID,
  type ReportedReference,
  writeCommitmentReport,
} from '../../dicom/edit/commitment-data-set.ts'
import { TRANSFER_SYNTAX } from '../../dicom/vocabulary/transfer-syntax.ts'
import type { OutgoingEvent, ServiceAnswer } from '../../dimse/association/service.ts'
import { openAssociation } from '../../dimse/scu/open-association.ts'
import type { TlsProposal } from '../../dimse/scu/open-socket.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { OpenCommitment } from '../queue/devices/commitments.ts'
import type { OpenPeer } from './report-commitment.ts'

/** A report is small, and a modality that does not take it in time gets it again later. */
const TIMEOUTS = { connectMs: 10_000, sendMs: 30_000, responseMs: 60_000 }

/** The address where a device listens; its AE title defaults to its calling AE title. */
interface ReportAddress {
  readonly host: string
  readonly port: number
  readonly aeTitle?: string | undefined
  readonly tls?: boolean | undefined
}

/** Finds the address of the device with this AE title and peer address; undefined if it is not configured. */
type FindAddress = (caller: { callingAeTitle: string; peerAddress: string }) => ReportAddress | undefined

/** Sends reports of storage commitment to the device by N-EVENT-REPORT (PS3.4 §J.3.3). */
export class CommitmentReporter {
  readonly #addressOf: FindAddress
  readonly #tls: () => TlsProposal | undefined
  readonly #clock: Clock

  /** `tls`: for devices that listen with TLS; called for each report, since certificates are renewed. */
  constructor(addressOf: FindAddress, tls: () => TlsProposal | undefined, clock: Clock) {
    this.#addressOf = addressOf
    this.#tls = tls
    this.#clock = clock
  }

  /**
   * Reports on the association of the request while it is open, otherwise on a new association to the device's
   * listener, as SCP. Some devices do not take the report on the first, and then get it on the second. Throws
   * COMMITMENT_UNREPORTED if the address of the device's listener is not configured.
   */
  async send(
    commitment: OpenCommitment,
    references: readonly ReportedReference[],
    open: OpenPeer | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const report = (transferSyntaxUid: string): OutgoingEvent => ({
      sopClassUid: COMMITMENT_SOP_CLASS_UID,
      sopInstanceUid: COMMITMENT_SOP_INSTANCE_UID,
      ...writeCommitmentReport(commitment.transactionUid, references, transferSyntaxUid),
    })
    if (open?.peer.canBeTold === true) {
      const answer = await open.peer.report(report(open.transferSyntaxUid)).catch(() => undefined)
      if (answer !== undefined && isTaken(answer)) return
    }
    const answer = await this.#sendAnew(commitment, report, signal)
    if (isTaken(answer)) return
    const { status, errorComment = '' } = answer
    const words = `the device answers status ${status.toString(16).padStart(4, '0')} ${errorComment}`.trim()
    throw new Failure('STORE_REFUSED', `reporting storage commitment: ${words}`)
  }

  async #sendAnew(
    { callingAeTitle, calledAeTitle, peerAddress }: OpenCommitment,
    report: (transferSyntaxUid: string) => OutgoingEvent,
    signal: AbortSignal,
  ): Promise<ServiceAnswer> {
    const address = this.#addressOf({ callingAeTitle, peerAddress })
    if (address === undefined) throw addressMissing(callingAeTitle)
    const { host, port, aeTitle = callingAeTitle } = address
    const tls = address.tls === true ? this.#tls() : undefined
    const { ImplicitVRLittleEndian, ExplicitVRLittleEndian } = TRANSFER_SYNTAX
    await using association = await openAssociation(
      {
        host,
        port,
        callingAeTitle: calledAeTitle,
        calledAeTitle: aeTitle,
        contexts: [
          {
            abstractSyntaxUid: COMMITMENT_SOP_CLASS_UID,
            transferSyntaxUids: [ImplicitVRLittleEndian, ExplicitVRLittleEndian],
            proposesScp: true,
          },
        ],
        clock: this.#clock,
        ...(tls && { tls }),
        timeouts: TIMEOUTS,
      },
      signal,
    )
    const syntax = association.contexts[0]?.transferSyntaxUid ?? ImplicitVRLittleEndian
    return await association.perform({ service: 'N-EVENT-REPORT', ...report(syntax) })
  }
}

function addressMissing(callingAeTitle: string): Failure {
  return new Failure(
    'COMMITMENT_UNREPORTED',
    `reporting storage commitment to ${callingAeTitle}: its address is not configured: set host and port under dicom of this device in the configuration`,
  )
}

/** A warning is a success with a remark (PS3.7 Annex C). */
const isTaken = ({ status }: ServiceAnswer): boolean =>
  [0x0000, 0x0001, 0x0107, 0x0116].includes(status) || status >>> 12 === 0xb
