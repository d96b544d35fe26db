import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'

const IDLE_MS = 60 * 60_000
const LONGEST_MS = 12 * 60 * 60_000
/** Sessions that count at one time; the one that was used longest ago ends first. */
const KEPT = 256
const SECRET_HEADER = 'x-ferry-secret'

/** A browser in which a person has signed in. */
export interface AccountSession {
  readonly name: string
  /**
   * Must come with every request. The cookie alone is not enough: a browser also sends it to every other port of this
   * machine (RFC 6265 §8.5), and with requests that another site makes.
   */
  readonly secret: string
}

interface Kept extends AccountSession {
  readonly endsMs: number
  usedMs: number
}

/** Sessions of the center's page. They are kept in memory and end with the process. */
export class AccountSessions {
  readonly #clock: Clock
  readonly #cookie: string
  readonly #isSecure: boolean
  readonly #sessions = new Map<string, Kept>()

  /** `isSecure`: the page is served by TLS, and the cookie goes over TLS only. */
  constructor(clock: Clock, isSecure: boolean) {
    this.#clock = clock
    this.#isSecure = isSecure
    this.#cookie = isSecure ? '__Host-ferry_center' : 'ferry_center'
  }

  /** Begins a session with an id that no one has seen before; returns it and the value of Set-Cookie. */
  begin(name: string): { session: AccountSession; cookie: string } {
    const [id, secret] = [randomSecret(), randomSecret()]
    const now = this.#clock.monotonicMs()
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size < KEPT) break
      this.#sessions.delete(oldest)
    }
    const session = { name, secret, endsMs: now + LONGEST_MS, usedMs: now }
    this.#sessions.set(id, session)
    const attributes = `Path=/; HttpOnly; SameSite=Strict${this.#isSecure ? '; Secure' : ''}`
    return { session, cookie: `${this.#cookie}=${id}; ${attributes}` }
  }

  /** Returns the session of a request that has its cookie and its secret. */
  of(request: IncomingMessage): AccountSession | undefined {
    const id = this.#idOf(request)
    const session = id === undefined ? undefined : this.#sessions.get(id)
    const given = request.headers[SECRET_HEADER]
    if (id === undefined || session === undefined || typeof given !== 'string') return undefined
    const now = this.#clock.monotonicMs()
    if (now >= session.endsMs || now - session.usedMs >= IDLE_MS) {
      this.#sessions.delete(id)
      return undefined
    }
    if (!isSame(given, session.secret)) return undefined
    session.usedMs = now
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    return session
  }

  end(request: IncomingMessage): void {
    const id = this.#idOf(request)
    if (id !== undefined && this.of(request) !== undefined) this.#sessions.delete(id)
  }

  /** Ends all sessions of a person whose password or role was changed, except one. */
  endAllOf(name: string, except?: AccountSession): void {
    for (const [id, session] of this.#sessions)
      if (session.name === name && session !== except) this.#sessions.delete(id)
  }

  #idOf({ headers: { cookie = '' } }: IncomingMessage): string | undefined {
    return new RegExp(`(?:^|; *)${this.#cookie}=([\\w-]{32})(?:;|$)`).exec(cookie)?.[1]
  }
}

const randomSecret = (): string => randomBytes(24).toString('base64url')

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
