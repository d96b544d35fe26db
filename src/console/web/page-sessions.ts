import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import { isLoopback } from '../../platform/http/peer-address.ts'

const LINK_MS = 10 * 60_000
const SESSION_MS = 12 * 3_600_000
/** Links and sessions that count at one time; the oldest ends first. */
const KEPT = 32
const COOKIE = 'ferry_session'

/** A browser that was opened by a link. */
interface PageSession {
  /** Must come with every request that changes something: a page of another site cannot read it. */
  readonly csrf: string
}

interface Kept {
  readonly until: number
  readonly csrf: string
}

/**
 * The right to change things on the page. It begins with a link that `ferry open` or `ferry setup` prints, which works
 * once: only a user who may ask the agent can have one. Everything is kept in memory and ends with the process.
 */
export class PageSessions {
  readonly #clock: Clock
  readonly #links = new Map<string, number>()
  readonly #sessions = new Map<string, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Makes the secret of a link. */
  newLink(): string {
    const secret = randomSecret()
    keep(this.#links, secret, this.#clock.monotonicMs() + LINK_MS)
    return secret
  }

  /** Spends a link: returns the cookie of a new session, or undefined if the link is unknown, used or too old. */
  enter(request: IncomingMessage, secret: string): string | undefined {
    const until = this.#links.get(secret)
    if (until === undefined || !isHere(request)) return undefined
    this.#links.delete(secret)
    if (this.#clock.monotonicMs() >= until) return undefined
    const id = randomSecret()
    keep(this.#sessions, id, { until: this.#clock.monotonicMs() + SESSION_MS, csrf: randomSecret() })
    return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict`
  }

  /** Returns the session of a browser on this machine. */
  of(request: IncomingMessage): PageSession | undefined {
    const id = new RegExp(`(?:^|; *)${COOKIE}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
    const session = id === undefined ? undefined : this.#sessions.get(id)
    if (session === undefined || !isHere(request)) return undefined
    return this.#clock.monotonicMs() < session.until ? session : undefined
  }

  /**
   * Returns true if a request may change something: it comes from the page itself, in a session, with its secret. A page
   * of another site can neither read the secret nor send the Origin of this one.
   */
  mayAct(request: IncomingMessage): boolean {
    const { host, origin, 'x-ferry-csrf': csrf, 'content-type': type } = request.headers
    const session = this.of(request)
    return (
      session !== undefined &&
      origin === `http://${host ?? ''}` &&
      type === 'application/json' &&
      typeof csrf === 'string' &&
      isSame(csrf, session.csrf)
    )
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
