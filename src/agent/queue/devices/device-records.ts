import type { Database } from '../../../platform/sqlite.ts'
import type { DeviceProposal } from '../../../protocol/control-api.ts'
import { parseJson } from '../../../protocol/parse-json.ts'
import { deviceProposalSchema } from '../../../protocol/status/device-proposal.ts'

/**
 * Identifies a caller in all records about devices. The AE title is empty if the caller did not get as far as sending
 * it.
 */
export interface CallerKey {
  readonly callingAeTitle: string
  readonly peerAddress: string
}

/** The last problem of a device. `kind` decides the words, `detail` fills them in. */
export interface DeviceProblem {
  readonly kind: string
  readonly detail: string
}

/** Instances received since the last record. */
export interface Received {
  readonly instances: number
  readonly bytes: number
  readonly lastAt: number
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
}

export interface DeviceRecord extends CallerKey {
  readonly proposal: DeviceProposal | null
  readonly instances: number
  readonly bytes: number
  readonly lastInstance: { at: number; sopClassUid: string; transferSyntaxUid: string } | null
  readonly problem: (DeviceProblem & { at: number }) | null
}

/** Records about each caller in addition to its sightings. They are derived from events, so a power cut may take some of them. */
export class DeviceRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  proposed({ callingAeTitle, peerAddress }: CallerKey, proposal: DeviceProposal): void {
    this.#database.run(PROPOSED, callingAeTitle, peerAddress, JSON.stringify(proposal))
  }

  troubled({ callingAeTitle, peerAddress }: CallerKey, { kind, detail }: DeviceProblem, at: number): void {
    this.#database.run(TROUBLED, callingAeTitle, peerAddress, kind, detail.slice(0, LONGEST_DETAIL), at)
  }

  received({ callingAeTitle, peerAddress }: CallerKey, received: Received): void {
    const { instances, bytes, lastAt, sopClassUid, transferSyntaxUid } = received
    this.#database.run(
      RECEIVED,
      callingAeTitle,
      peerAddress,
      instances,
      bytes,
      lastAt,
      sopClassUid,
      transferSyntaxUid,
    )
  }

  list(): DeviceRecord[] {
    return this.#database.all<Row>(LIST).map(record)
  }
}

const LONGEST_DETAIL = 500

interface Row {
  callingAeTitle: string
  peerAddress: string
  proposal: string | null
  instances: number
  bytes: number
  instanceAt: number | null
  sopClassUid: string | null
  transferSyntaxUid: string | null
  problem: string | null
  problemDetail: string | null
  problemAt: number | null
}

function record(row: Row): DeviceRecord {
  const { callingAeTitle, peerAddress, instances, bytes, instanceAt, problem, problemAt } = row
  const { sopClassUid, transferSyntaxUid } = row
  return {
    callingAeTitle,
    peerAddress,
    instances,
    bytes,
    proposal:
      row.proposal === null
        ? null
        : parseJson(row.proposal, deviceProposalSchema, 'DATABASE_ERROR', "reading a device's proposal"),
    lastInstance:
      instanceAt === null
        ? null
        : { at: instanceAt, sopClassUid: sopClassUid ?? '', transferSyntaxUid: transferSyntaxUid ?? '' },
    problem:
      problem === null || problemAt === null
        ? null
        : { kind: problem, detail: row.problemDetail ?? '', at: problemAt },
  }
}

const PROPOSED = `
  INSERT INTO device_record (calling_ae_title, peer_address, proposal) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET proposal = excluded.proposal`
const TROUBLED = `
  INSERT INTO device_record (calling_ae_title, peer_address, problem, problem_detail, problem_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET problem = excluded.problem, problem_detail = excluded.problem_detail,
    problem_at = excluded.problem_at`
const RECEIVED = `
  INSERT INTO device_record
    (calling_ae_title, peer_address, instances, bytes, instance_at, sop_class_uid, transfer_syntax_uid)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET instances = instances + excluded.instances, bytes = bytes + excluded.bytes,
    instance_at = excluded.instance_at, sop_class_uid = excluded.sop_class_uid,
    transfer_syntax_uid = excluded.transfer_syntax_uid`
const LIST = `
  SELECT calling_ae_title AS callingAeTitle, peer_address AS peerAddress, proposal, instances, bytes,
    instance_at AS instanceAt, sop_class_uid AS sopClassUid, transfer_syntax_uid AS transferSyntaxUid,
    problem, problem_detail AS problemDetail, problem_at AS problemAt
  FROM device_record`
