import type { AuditAction } from '../../audit/audit-event.ts'
import { AuditTrail } from '../../audit/audit-trail.ts'
import type { Clock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import type { Role } from '../../protocol/page/center-page-api.ts'
import type { SigningKey } from '../../protocol/signing-key.ts'
import { SignIn } from '../accounts/sign-in.ts'
import { type CertificateFiles, readIdentity } from '../keys/center-identity.ts'
import { checkCenterFolder, checkCenterIdentity } from '../keys/check-center-folder.ts'
import type { AccountRegister } from '../register/account-register.ts'
import type { MessageSilence, ReceivedHeartbeat } from '../register/condition-register.ts'
import type {
  Agent,
  HeldInstance,
  PacsCounts,
  Register,
  ReleaseTarget,
  StoredStudy,
} from '../register/register.ts'
import { openRegister } from '../register/sqlite/open-register.ts'
import type { LostRow, ScrubProgress } from '../register/store-register.ts'
import { acceptStore, storeFolder, studyFolders } from '../store/open-store.ts'
import type { RegisterState } from './condition.ts'
import {
  type AnnouncedCenter,
  approve,
  findAgent,
  type Invitation,
  invite,
  revoke,
  unrevoke,
} from './enrolment.ts'
import { isStoreThere, registerStateOf } from './register-state.ts'

export interface CenterStatus {
  readonly agents: { readonly pending: number; readonly approved: number; readonly revoked: number }
  readonly instances: number
  /** Instances that wait for the operator to release them. */
  readonly held: number
  /** The number of them that came after another version of the same SOP instance. */
  readonly conflicts: number
  /** Packs that are arriving, or wait to be opened. */
  readonly packsUnderWay: number
  readonly pacs: PacsCounts
  readonly scrub: ScrubProgress
  readonly lost: number
  /** Damaged files that are kept next to the new file of their instance. */
  readonly damagedFiles: number
}

interface StoreFacts {
  readonly folder: string
  /** Instances that the register lists. */
  readonly listed: number
  /** Studies that have a folder in the store. */
  readonly studyFolders: number
  /** True if the store has the marker that the register expects: there is nothing to accept. */
  readonly isKnown: boolean
}

export interface DeskOptions {
  readonly folder: string
  /** The center's identity is recorded next to it. */
  readonly configFile?: string
  /** The address where agents reach the center, for join codes. */
  readonly publicUrl: string
  readonly tls?: CertificateFiles
  /** The person at the desk, for the audit trail. */
  readonly user?: string
  readonly clock: Clock
}

/**
 * The commands and views of the center's operator. Works on the register in the center's folder, whether the center
 * runs (in another process) or not; a running one follows a decision at the next request, a retry within a second, and
 * a release within 15 seconds.
 */
export class OperatorDesk implements Disposable {
  readonly #folder: string
  readonly #register: Register
  readonly #address: AnnouncedCenter
  readonly #clock: Clock
  readonly #key: SigningKey
  readonly #user: string
  #audit: AuditTrail | undefined

  private constructor({ folder, publicUrl: url, user, clock }: DeskOptions, key: SigningKey) {
    this.#folder = folder
    this.#register = openRegister(folder)
    this.#address = { url, center: key.kid }
    this.#clock = clock
    this.#key = key
    this.#user = user ?? 'unknown'
  }

  static async open(options: DeskOptions): Promise<OperatorDesk> {
    const { folder, configFile, tls, clock } = options
    await checkCenterFolder(folder, configFile)
    const { keys } = await readIdentity(folder, clock.now(), tls)
    checkCenterIdentity(folder, keys.root.kid, configFile)
    return new OperatorDesk(options, keys.root)
  }

  /** The people who may use the page. */
  get accounts(): AccountRegister {
    return this.#register.accounts
  }

  /** Adds an account; returns its first password. Throws ACCOUNT_EXISTS, ACCOUNT_NAME. */
  async addAccount(name: string, role: Role): Promise<string> {
    this.#record('accountAdded', { subject: name })
    return (await this.#signIn.add(name, role)).password
  }

  /** Returns a new first password. Throws ACCOUNT_UNKNOWN. */
  resetAccount(name: string): Promise<string> {
    this.#record('accountReset', { subject: name })
    return this.#signIn.reset(name)
  }

  /** Throws ACCOUNT_UNKNOWN. */
  removeAccount(name: string): Promise<void> {
    this.#record('accountRemoved', { subject: name })
    return this.#signIn.remove(name)
  }

  get #signIn(): SignIn {
    return new SignIn(this.#register.accounts, this.#clock)
  }

  /** Makes a join code for one agent under this name; it works once, within `lifeMs`. */
  invite(name: string, lifeMs: number): Promise<Invitation> {
    this.#record('agentInvited', { subject: name })
    return invite(this.#register, this.#address, { name, lifeMs, now: this.#clock.now() })
  }

  /** Returns the one agent whose fingerprint begins with this text of at least 8 digits. Throws AGENT_UNKNOWN. */
  agent(fingerprint: string): Promise<Agent> {
    return findAgent(this.#register, fingerprint)
  }

  /** Needs the whole fingerprint shown on the agent's screen. Throws AGENT_UNKNOWN or AGENT_REVOKED. */
  approve(fingerprint: string): Promise<Agent> {
    this.#record('agentApproved', { subject: fingerprint })
    return approve(this.#register, fingerprint, this.#clock.now())
  }

  /** Throws AGENT_UNKNOWN. An agent is shut out even if that cannot be recorded: the failure of the record is thrown then. */
  async revoke(fingerprint: string): Promise<Agent> {
    const agent = await revoke(this.#register, fingerprint, this.#clock.now())
    this.#record('agentRevoked', { subject: agent.kid })
    return agent
  }

  /** Accepts an agent again that was shut out by mistake. Throws AGENT_UNKNOWN. */
  unrevoke(fingerprint: string): Promise<Agent> {
    this.#record('agentUnrevoked', { subject: fingerprint })
    return unrevoke(this.#register, fingerprint)
  }

  agents(): Promise<Agent[]> {
    return this.#register.agents.list()
  }

  /** Studies of the last days, the newest first. */
  studies(days: number, limit: number): Promise<StoredStudy[]> {
    return this.#register.instances.studies(this.#clock.now() - days * 24 * 3600 * 1000, limit)
  }

  /**
   * Hands on again the instances that wait for the PACS, were refused or are unverified, of one study or of all, at once if the
   * center runs; returns how many. Held instances are not among them: see {@link release}.
   */
  retryPacs(studyInstanceUid?: string): Promise<number> {
    this.#record('retried', studyInstanceUid === undefined ? {} : { study: studyInstanceUid })
    return this.#register.handOn.retry(this.#clock.now(), studyInstanceUid)
  }

  /** Instances that do not go to the PACS until the operator releases them, or those that were released. */
  held(which: 'waiting' | 'released', limit: number): Promise<HeldInstance[]> {
    return this.#register.instances.held(which, limit)
  }

  /** Releases held instances; the register keeps the user and the time. Returns how many were held. */
  release(what: ReleaseTarget, by: string): Promise<number> {
    this.#record(
      'released',
      'studyInstanceUid' in what ? { study: what.studyInstanceUid } : { subject: what.sopInstanceUid },
      by,
    )
    return this.#register.instances.release(what, by, this.#clock.now())
  }

  async status(): Promise<CenterStatus> {
    const agents = { pending: 0, approved: 0, revoked: 0 }
    for (const { state } of await this.#register.agents.list()) agents[state]++
    return {
      agents,
      ...(await this.#register.instances.count()),
      packsUnderWay: (await this.#register.packs.unanswered()).length,
      pacs: await this.#register.handOn.count(),
      scrub: await this.#register.scrub.progress(),
      lost: (await this.#register.files.countLost()).count,
      damagedFiles: await this.#register.files.countKept(),
    }
  }

  /** Instances whose files are gone or damaged, the longest lost first. */
  lost(limit: number): Promise<LostRow[]> {
    return this.#register.files.lost(limit)
  }

  /** Facts that a person needs before accepting the folder of instances as it is. */
  async storeFacts(): Promise<StoreFacts> {
    return {
      folder: storeFolder(this.#folder),
      listed: (await this.#register.instances.count()).instances,
      studyFolders: await studyFolders(this.#folder),
      isKnown: await isStoreThere(this.#register, this.#folder),
    }
  }

  /** Accepts the folder of instances as it is, with a new marker; a running center follows within 10 seconds. */
  acceptStore(): Promise<void> {
    this.#record('storeAccepted', {})
    return acceptStore(this.#folder, this.#register, this.#clock.now())
  }

  /** Everything in the register from which a condition of the center's status can be derived. */
  registerState(): Promise<RegisterState> {
    return registerStateOf(this.#register, this.#folder, this.#clock)
  }

  /** Sends no message about conditions of this code, and of this subject if one is given, for `lifeMs`. */
  silence(what: {
    code: string
    subject: string | null
    lifeMs: number
    by: string
  }): Promise<MessageSilence> {
    const { code, subject, lifeMs, by: begunBy } = what
    const begunAt = this.#clock.now()
    this.#record('silenced', { subject: subject === null ? code : `${code} ${subject}` }, begunBy)
    return this.#register.silences.add({ code, subject, begunAt, begunBy, until: begunAt + lifeMs })
  }

  /** Silences, the newest first, also those that have ended. */
  silences(limit: number): Promise<MessageSilence[]> {
    return this.#register.silences.list(limit)
  }

  /** Returns false if no silence of this number is in force. */
  endSilence(id: number, by: string): Promise<boolean> {
    this.#record('unsilenced', { subject: String(id) }, by)
    return this.#register.silences.end(id, by, this.#clock.now())
  }

  /** The newest report of each agent about itself. */
  heartbeats(): Promise<ReceivedHeartbeat[]> {
    return this.#register.heartbeats.list()
  }

  /** On the disk when it returns. Throws STORAGE_FULL, STORAGE_ERROR or DATABASE_ERROR. */
  #record(
    action: AuditAction,
    { study, subject }: { study?: string; subject?: string },
    user = this.#user,
  ): void {
    const [clock, log] = [this.#clock, silentLog]
    const where = { dataFolder: this.#folder, key: this.#key, program: 'ferry-center' } as const
    this.#audit ??= new AuditTrail({ ...where, clock, log })
    const studies = study === undefined ? [] : [{ studyInstanceUid: study }]
    this.#audit.record({ action, user, studies, subject })
  }

  [Symbol.dispose](): void {
    this.#audit?.[Symbol.dispose]()
    this.#register.close()
  }
}
