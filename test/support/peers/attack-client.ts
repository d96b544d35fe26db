import type { MemberAnswer } from '../../../src/protocol/center-api.ts'
import type { Envelope } from '../../../src/protocol/spool-file.ts'
import type { EnrolledAgent, RunningCenter } from '../centers/running-center.ts'
import {
  CT,
  dataSetOf,
  EXPLICIT_LITTLE_ENDIAN,
  newUid,
  packOf,
  pixelData,
  type SpoolFixture,
  spoolFile,
  uidElement,
} from '../instances/spool-file-fixture.ts'

/** The four UIDs that an instance is filed under. */
export interface FourUids {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
}

/** An instance in which envelope, file meta information and data set may each say something else. */
export interface Forgery {
  /** UIDs of all three places, unless one of the options below says otherwise. */
  readonly uids?: Partial<FourUids>
  readonly envelope?: Partial<Envelope>
  /** Media Storage SOP Class and Instance UID, Transfer Syntax UID of group 0002. */
  readonly header?: Partial<Pick<Envelope, 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid'>>
  /** Instead of a CT data set with the four UIDs. */
  readonly dataSet?: Buffer
}

/**
 * An attacker who has the key of an approved agent, as from a stolen PC, and seals what an honest agent never would. It
 * talks to a real center over its real interface.
 */
export class AttackClient {
  readonly agent: EnrolledAgent
  readonly #recipients: readonly string[]

  private constructor(agent: EnrolledAgent, recipients: readonly string[]) {
    this.agent = agent
    this.#recipients = recipients
  }

  static async enrol(center: RunningCenter, name = 'Stolen PC'): Promise<AttackClient> {
    const agent = await center.enrol(name)
    return new AttackClient(agent, await center.recipients(agent))
  }

  /** Seals a forgery without sending it. */
  forge({ uids = {}, envelope = {}, header = {}, dataSet }: Forgery): SpoolFixture {
    const four = fourUids(uids)
    return spoolFile({
      recipients: this.#recipients,
      envelope: { ...four, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, ...envelope },
      header: { sopClassUid: four.sopClassUid, sopInstanceUid: four.sopInstanceUid, ...header },
      dataSet: dataSet ?? forgedDataSet(four),
    })
  }

  /** Sends one forgery in a pack of its own; returns the center's answer for it. */
  async send(forgery: Forgery | SpoolFixture): Promise<MemberAnswer> {
    const file = 'bytes' in forgery ? forgery : this.forge(forgery)
    const answer = await this.agent.deliver(packOf([file]))
    const [member] = answer.state === 'answered' ? answer.members : []
    if (member === undefined) throw new Error('the center answered no member')
    return member
  }

  /** Sends one forgery and returns its file; throws if the center does not answer that it is stored. */
  async store(forgery: Forgery | SpoolFixture): Promise<SpoolFixture> {
    const file = 'bytes' in forgery ? forgery : this.forge(forgery)
    const answer = await this.send(file)
    if (answer.state !== 'stored') throw new Error(`the center answered ${JSON.stringify(answer)}`)
    return file
  }
}

/** Missing ones are new. */
export function fourUids(uids: Partial<FourUids> = {}): FourUids {
  return {
    sopClassUid: CT,
    sopInstanceUid: newUid(),
    studyInstanceUid: newUid(),
    seriesInstanceUid: newUid(),
    ...uids,
  }
}

/** A CT data set with these UIDs; `extra` elements come where the names say. */
export function forgedDataSet(
  uids: { readonly [name in keyof FourUids]?: string | undefined },
  extra: { first?: Buffer; beforePixels?: Buffer; last?: Buffer } = {},
): Buffer {
  const { sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid } = uids
  const none = Buffer.alloc(0)
  const uid = (group: number, element: number, value: string | undefined): Buffer =>
    value === undefined ? none : uidElement(group, element, value)
  return dataSetOf(
    extra.first ?? none,
    uid(0x0008, 0x0016, sopClassUid),
    uid(0x0008, 0x0018, sopInstanceUid),
    uid(0x0020, 0x000d, studyInstanceUid),
    uid(0x0020, 0x000e, seriesInstanceUid),
    extra.beforePixels ?? none,
    pixelData(),
    extra.last ?? none,
  )
}
