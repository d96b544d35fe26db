import type { Identity } from '../../age/x25519-keys.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { type SignedKeyList, signKeyList } from '../../protocol/key-list.ts'
import type { SigningKey } from '../../protocol/signing-key.ts'
import type { Register } from '../register/register.ts'
import {
  type CenterIdentity,
  type CertificateFiles,
  isAnnounced,
  listContent,
  readIdentity,
} from './center-identity.ts'
import { announceCertificate } from './change-keys.ts'
import { listVersionAt } from './list-version.ts'
import type { TlsCertificate } from './tls-certificate.ts'

interface KeyRingOptions {
  readonly folder: string
  /** The center's name as clinics see it. */
  readonly name: string
  readonly tls?: CertificateFiles
  readonly register: Register
  readonly clock: Clock
  readonly log: Log
}

/** Changed keys, and keys whose time has come, are in use at most this much later. */
const LOOK_EVERY_MS = 10_000
/**
 * Interval after which a list is issued again: agents that know a later one than a restored center then learn of it.
 */
const REISSUE_AFTER_S = 24 * 3600

/**
 * The keys of a running center. It looks into the keys folder every few seconds, so that a new, revoked or newly valid key
 * counts without a restart, and issues a new key list whenever the list's content changes.
 */
export class KeyRing {
  readonly #options: KeyRingOptions
  #identity: CenterIdentity
  #list: SignedKeyList = { rootKey: '', jws: '' }
  #listVersion = 0
  /** When it was issued, seconds since 1970. */
  #issuedS = 0
  #trouble: string | undefined
  /** Called when the center shows other TLS keys than before; the first is shown by default. */
  tlsChanged: (certificates: readonly [TlsCertificate, ...TlsCertificate[]]) => void = () => {}

  private constructor(options: KeyRingOptions, identity: CenterIdentity) {
    this.#options = options
    this.#identity = identity
  }

  /**
   * Reads the keys and issues a key list, also if nothing changed, since agents may know a later one than a restored
   * center. Throws KEY_FILE_INVALID, also for the operator's own certificate if it was not announced to agents.
   */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const { folder, tls, register, clock } = options
    let identity = await readIdentity(folder, clock.now(), tls)
    if (!isAnnounced(identity)) {
      if ((await register.agents.list()).length > 0) throw notAnnounced(identity, tls)
      // No clinic has joined yet that this could shut out. From now on this key counts as announced.
      await announceCertificate({ folder, nowMs: clock.now() }, identity.tls.certificate, clock.now())
      identity = await readIdentity(folder, clock.now(), tls)
    }
    const ring = new KeyRing(options, identity)
    await ring.#publish(identity, true)
    await register.notes.clear('KEYS_REFUSED')
    return ring
  }

  /** The root key's fingerprint. */
  get center(): string {
    return this.#identity.keys.root.kid
  }

  /** The first signs receipts. */
  get receiptKeys(): readonly [SigningKey, ...SigningKey[]] {
    return this.#identity.keys.receipt
  }

  get identities(): readonly Identity[] {
    return this.#identity.keys.seal
  }

  get list(): SignedKeyList {
    return this.#list
  }

  get certificates(): readonly [TlsCertificate, ...TlsCertificate[]] {
    return certificatesOf(this.#identity)
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal).catch(() => {})
      if (!signal.aborted) await this.look()
    }
  }

  /** Takes over changed keys. Never rejects: if keys cannot be read, the current ones stay in use. */
  async look(): Promise<void> {
    const { folder, tls, clock, log } = this.#options
    try {
      const identity = await readIdentity(folder, clock.now(), tls)
      if (identity.keys.root.kid !== this.center)
        throw new Failure('KEY_FILE_INVALID', 'reading the keys again: they are of another center')
      if (identity.tlsPin !== this.#identity.tlsPin && !isAnnounced(identity))
        throw notAnnounced(identity, tls)
      // Announced before it is used: a key is not in use until the list with it could be issued.
      await this.#publish(identity, false)
      if (shownBy(identity) !== shownBy(this.#identity)) this.tlsChanged(certificatesOf(identity))
      this.#identity = identity
      if (this.#trouble !== undefined) await this.#options.register.notes.clear('KEYS_REFUSED')
      this.#trouble = undefined
    } catch (error) {
      const { code, message } = failureFrom(error, 'KEY_FILE_INVALID', 'reading the keys again')
      if (this.#trouble === message) return
      this.#trouble = message
      log.error('the keys cannot be taken over', { code, reason: message })
      await this.#tell(message)
    }
  }

  /** Records it for the status command. The register itself may have failed. */
  async #tell(message: string): Promise<void> {
    const { register, clock } = this.#options
    await register.notes.keep('KEYS_REFUSED', clock.now(), message).catch(() => {})
  }

  async #publish(identity: CenterIdentity, isStart: boolean): Promise<void> {
    const { register, name, clock, log } = this.#options
    const { keys } = identity
    const nowMs = clock.now()
    const atLeast = Math.max(keys.listVersion, listVersionAt(nowMs))
    const content = listContent(identity, name)
    const isOld = Math.abs(listVersionAt(nowMs) - this.#issuedS) > REISSUE_AFTER_S
    const issue = { atLeast, again: isStart || isOld || keys.listVersion > this.#listVersion }
    const issued = await register.keyLists.publish(JSON.stringify(content), issue, (version) => {
      const list = { ...content, version, issuedAt: new Date(nowMs).toISOString() }
      return signKeyList(list, keys.root).jws
    })
    if (issued.version === this.#listVersion) return
    this.#listVersion = issued.version
    this.#issuedS = listVersionAt(nowMs)
    this.#list = { rootKey: keys.root.publicKey.toString('base64url'), jws: issued.jws }
    log.info('key list issued', { version: issued.version })
  }
}

function certificatesOf({ tls, keys }: CenterIdentity): [TlsCertificate, ...TlsCertificate[]] {
  return [tls, keys.tls, ...keys.otherTls]
}

const shownBy = (identity: CenterIdentity): string =>
  JSON.stringify(certificatesOf(identity).map(({ certificate }) => certificate))

function notAnnounced({ tlsPin }: CenterIdentity, files: CertificateFiles | undefined): Failure {
  const name = files?.certificateFile ?? 'the TLS certificate'
  return new Failure(
    'KEY_FILE_INVALID',
    `taking ${name}: its key (pin ${tlsPin}) was never announced, so every clinic would be shut out: keep the old ` +
      `key when a certificate is renewed, or announce the new one ahead with 'ferry-center keys tls-next FILE'; ` +
      `--now accepts it at once`,
  )
}
