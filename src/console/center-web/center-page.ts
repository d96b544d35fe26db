import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIP } from 'node:net'
import { type AccountSession, AccountSessions } from '../../center/accounts/account-sessions.ts'
import { SignIn } from '../../center/accounts/sign-in.ts'
import type { Account, AccountRegister } from '../../center/register/account-register.ts'
import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import { answerGuarded } from '../../platform/http/answer-guarded.ts'
import { closeServer } from '../../platform/http/close-server.ts'
import { guardServer } from '../../platform/http/guard-server.ts'
import { isLoopback } from '../../platform/http/peer-address.ts'
import type { RequestTarget } from '../../platform/http/request-target.ts'
import { StrangerLog } from '../../platform/http/stranger-log.ts'
import type { Log } from '../../platform/log.ts'
import { listenFailure } from '../../platform/port-holder.ts'
import {
  pageActionSchema,
  passwordChangeSchema,
  type Role,
  signInSchema,
} from '../../protocol/page/center-page-api.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import type { Language } from '../language/language.ts'
import { failureText } from '../web/page-answer.ts'
import { PageFiles } from '../web/page-files.ts'
import { requestBody } from '../web/request-body.ts'
import { accounts, held, overview, PAGE_ACTIONS, type PageFacts, phrases, studies } from './page-desk.ts'

interface CenterPageOptions {
  readonly host: string
  readonly port: number
  /** PEM; undefined on this machine's own address, where TLS protects nothing. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
  readonly facts: PageFacts
  readonly accounts: AccountRegister
  readonly clock: Clock
  readonly log: Log
}

export interface CenterPage extends AsyncDisposable {
  readonly url: string
}

const FILES = new PageFiles('center', ['center.css'])
const PATIENCE_MS = 10_000
const BODY_BYTES = 4096
const SERVER_OPTIONS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: PATIENCE_MS,
  requestTimeout: PATIENCE_MS,
  connectionsCheckingInterval: 2000,
}
const CONNECTIONS = 128
const RANKS: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }
const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

const READING = ['PROTOCOL_VIOLATION', 'reading what the page sent'] as const

/** Serves the center's page to people with an account. Throws PORT_IN_USE and other failures of listening. */
export async function startCenterPage(options: CenterPageOptions): Promise<CenterPage> {
  const { host, port, tls, log, clock } = options
  const door = new PageDoor(options)
  const answer = (request: IncomingMessage, response: ServerResponse): void => door.answer(request, response)
  const server =
    tls === undefined
      ? createPlainServer(SERVER_OPTIONS, answer)
      : createTlsServer(
          { ...SERVER_OPTIONS, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' },
          answer,
        )
  server.timeout = PATIENCE_MS
  server.maxConnections = CONNECTIONS
  const strangers = new StrangerLog(log, clock)
  guardServer(server, log, (peerAddress, reason) =>
    strangers.warn("malformed request to the center's page", peerAddress, { reason }),
  )
  server.listen(port, host)
  await once(server, 'listening').catch((error: unknown) => {
    throw listenFailure(error, `listening on ${host}:${port} for the page`, port)
  })
  const address = server.address()
  const opened = typeof address === 'object' ? (address?.port ?? port) : port
  const scheme = tls === undefined ? 'http' : 'https'
  const url = `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${opened}/`
  log.info('the page is served', { url })
  return { url, [Symbol.asyncDispose]: () => closeServer(server) }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: RequestTarget
  readonly language: Language
}

interface Entered {
  readonly session: AccountSession
  readonly account: Account
}

/** Answers each request: files to everybody, facts and actions to people who have signed in. */
class PageDoor {
  readonly #options: CenterPageOptions
  readonly #sessions: AccountSessions
  readonly #signIn: SignIn

  constructor(options: CenterPageOptions) {
    this.#options = options
    this.#sessions = new AccountSessions(options.clock, options.tls !== undefined)
    this.#signIn = new SignIn(options.accounts, options.clock)
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    void answerGuarded(request, response, {
      answer: (target) => {
        const language = target.query.get('lang') === 'en' ? 'en' : 'zh'
        return this.#answer({ request, response, target, language })
      },
      refuse: (error, canAnswer) => {
        const failure = failureFrom(error, 'INTERNAL', "answering the center's page")
        const isTheirs = failure.code === 'PROTOCOL_VIOLATION'
        if (!isTheirs)
          this.#options.log.error('the page could not answer', {
            code: failure.code,
            reason: failure.message,
          })
        if (canAnswer) send(response, isTheirs ? 400 : 500, { code: failure.code })
      },
    })
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response, target } = exchange
    if (!this.#isOwnHost(request)) return send(response, 421, { code: 'PROTOCOL_VIOLATION' })
    if (request.method === 'POST') return this.#change(exchange)
    request.resume()
    if (request.method !== 'GET') return send(response, 405, { code: 'PROTOCOL_VIOLATION' })
    if (FILES.send(response, target.path, HEADERS)) return
    if (target.path === '/api/words') return send(response, 200, phrases(exchange.language))
    const entered = await this.#entered(request)
    if (entered === undefined) return send(response, 401, { code: 'SIGN_IN_REFUSED' })
    if (entered.account.isFirst && target.path !== '/api/me')
      return send(response, 403, { code: 'PASSWORD_CHOICE' })
    const body = await this.#facts(exchange, entered)
    if (body === undefined) return send(response, 404, { code: 'PROTOCOL_VIOLATION' })
    send(response, 200, body)
  }

  async #facts(
    { target: { path, query }, language }: Exchange,
    { account }: Entered,
  ): Promise<object | undefined> {
    const { facts } = this.#options
    switch (path) {
      case '/api/me':
        return { name: account.name, role: account.role, isFirst: account.isFirst }
      case '/api/overview':
        return await overview(facts, language)
      case '/api/studies':
        return await studies(facts, query, language)
      case '/api/held':
        return await held(facts, query, language)
      case '/api/accounts':
        return account.role === 'admin' ? await accounts(facts) : undefined
      default:
        return undefined
    }
  }

  /** A page of another site cannot send this Origin, and cannot read the secret of a session. */
  async #change(exchange: Exchange): Promise<void> {
    const { request, response, target, language } = exchange
    const { origin, host, 'content-type': type } = request.headers
    const scheme = this.#options.tls === undefined ? 'http' : 'https'
    if (origin !== `${scheme}://${host ?? ''}` || type !== 'application/json') {
      request.resume()
      return send(response, 403, { code: 'PROTOCOL_VIOLATION' })
    }
    const text = (await requestBody(request, BODY_BYTES)).toString('utf8')
    try {
      if (target.path === '/api/sign-in') return await this.#enter(exchange, text)
      const entered = await this.#entered(request)
      if (entered === undefined) return send(response, 401, { code: 'SIGN_IN_REFUSED' })
      await this.#act(exchange, entered, text)
    } catch (error) {
      const failure = failureFrom(error, 'INTERNAL', "changing something on the center's page")
      if (failure.code === 'INTERNAL') throw failure
      send(response, 400, { code: failure.code, message: failureText(failure, language) })
    }
  }

  async #enter({ request, response }: Exchange, text: string): Promise<void> {
    const { name, password } = parseJson(text, signInSchema, ...READING)
    const peerAddress = request.socket.remoteAddress ?? ''
    const account = await this.#signIn.enter(name, password, peerAddress)
    this.#sessions.end(request)
    const { session, cookie } = this.#sessions.begin(account.name)
    this.#options.log.info('signed in to the page', { account: account.name, peerAddress })
    response.setHeader('set-cookie', cookie)
    send(response, 200, {
      name: account.name,
      role: account.role,
      isFirst: account.isFirst,
      secret: session.secret,
    })
  }

  async #act(
    { request, response, target }: Exchange,
    { session, account }: Entered,
    text: string,
  ): Promise<void> {
    if (target.path === '/api/sign-out') {
      this.#sessions.end(request)
      return send(response, 200, {})
    }
    if (target.path === '/api/password') {
      const { old, chosen } = parseJson(text, passwordChangeSchema, ...READING)
      await this.#signIn.changePassword(account.name, old, chosen, request.socket.remoteAddress ?? '')
      this.#sessions.endAllOf(account.name, session)
      return send(response, 200, {})
    }
    const action = /^\/api\/act\/([a-z]{1,20})$/.exec(target.path)?.[1] ?? ''
    const known = Object.hasOwn(PAGE_ACTIONS, action) ? PAGE_ACTIONS[action] : undefined
    if (known === undefined) return send(response, 404, { code: 'PROTOCOL_VIOLATION' })
    if (account.isFirst || RANKS[account.role] < RANKS[known.role])
      return send(response, 403, { code: 'ACCESS_DENIED' })
    const { subject } = parseJson(text, pageActionSchema, ...READING)
    using desk = await this.#options.facts.openDesk(account.name)
    const done = await known.run(desk, subject, account.name)
    this.#options.log.info('a person changed something on the page', {
      account: account.name,
      action,
      subject,
    })
    send(response, 200, done)
  }

  /** The session's person as the register knows it now: a removed account ends its sessions. */
  async #entered(request: IncomingMessage): Promise<Entered | undefined> {
    const session = this.#sessions.of(request)
    const account = session && (await this.#options.accounts.find(session.name))
    if (session === undefined || account !== undefined) return session && account && { session, account }
    this.#sessions.endAllOf(session.name)
    return undefined
  }

  /** On this machine's own address only its names count: another name belongs to a site that took over the address. */
  #isOwnHost({ headers: { host }, socket }: IncomingMessage): boolean {
    if (!isLoopback(socket.localAddress ?? '')) return true
    const url = `http://${host ?? ''}/`
    if (host === undefined || !URL.canParse(url)) return false
    const { hostname } = new URL(url)
    return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify({ schemaVersion: 1, ...body }))
}
