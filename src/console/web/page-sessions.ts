import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import { isLoopback } from '../../platform/http/peer-address.ts'

const LINK_MS = 10 * 60_000
const SESSION_MS = 12 * 3_600_000
/** Links and sessions that count at one time; the oldest ends first. */
const KEPT = 32
const COOKIE = 'ferry_session'
const SECRET_HEADER = 'x-ferry-secret'

/** A browser that was opened by a link. */
interface PageSession {
  readonly cookie: string
  /**
   * Must come with every request that changes something. The cookie alone is not enough: a browser also sends it to every
   * other port of this machine (RFC 6265 §8.5), where any local user may listen.
   */
  readonly secret: string
}

interface Kept {
  readonly until: number
  readonly secret: string
  readonly osUser: string
}

interface KeptLink {
  readonly until: number
  readonly osUser: string
}

/**
 * The right to change things on the page. It begins with a link that `ferry open` prints, which works once: only a user
 * who may ask the agent can have one. Everything is kept in memory and ends with the process.
 */
export class PageSessions {
  readonly #clock: Clock
  readonly #links = new Map<string, KeptLink>()
  readonly #sessions = new Map<string, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Makes the secret of a link; `osUser`: the user who asked for it. */
  newLink(osUser = ''): string {
    const secret = randomSecret()
    keep(this.#links, secret, { until: this.#clock.monotonicMs() + LINK_MS, osUser })
    return secret
  }

  /** Spends a link: returns a new session, or undefined if the link is unknown, used or too old. */
  enter(request: IncomingMessage, link: string): PageSession | undefined {
    const kept = this.#links.get(link)
    if (kept === undefined || !isHere(request)) return undefined
    this.#links.delete(link)
    const { until, osUser } = kept
    if (this.#clock.monotonicMs() >= until) return undefined
    const [id, secret] = [randomSecret(), randomSecret()]
    keep(this.#sessions, id, { until: this.#clock.monotonicMs() + SESSION_MS, secret, osUser })
    return { cookie: `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict`, secret }
  }

  /** Returns true if a request is from a browser on this machine, with the cookie and the secret of one session. */
  isOpen(request: IncomingMessage): boolean {
    return this.userOf(request) !== undefined
  }

  /** Returns the user who asked for the link of the session; undefined without a session. */
  userOf(request: IncomingMessage): string | undefined {
    const { cookie = '', [SECRET_HEADER]: secret } = request.headers
    const id = new RegExp(`(?:^|; *)${COOKIE}=([\\w-]+)`).exec(cookie)?.[1]
    const session = id === undefined ? undefined : this.#sessions.get(id)
    const isOpen =
      session !== undefined &&
      isHere(request) &&
      this.#clock.monotonicMs() < session.until &&
      typeof secret === 'string' &&
      isSame(secret, session.secret)
    return isOpen ? session.osUser : undefined
  }

  /**
   * Returns true if a request may change something: it comes from the page itself, in a session. A page of another site can
   * neither read the secret nor send the Origin of this one. `wanted`: the type of the body.
   */
  mayAct(
    request: IncomingMessage,
    wanted: 'application/json' | 'application/octet-stream' = 'application/json',
  ): boolean {
    const { host, origin, 'content-type': type } = request.headers
    return this.isOpen(request) && origin === `http://${host ?? ''}` && type === wanted
  }
}

const randomSecret = (): string => randomBytes(24).toString('base64url')

const isHere = ({ socket }: IncomingMessage): boolean => isLoopback(socket.remoteAddress ?? '')

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  for (const oldest of map.keys()) {
    if (map.size < KEPT) break
    map.delete(oldest)
  }
  map.set(key, value)
}
