import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { answerMonitoring, isMonitoringPath, type Monitored } from '../../metrics/answer-monitoring.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import { answerGuarded } from '../../platform/http/answer-guarded.ts'
import { closeServer } from '../../platform/http/close-server.ts'
import { Crowd } from '../../platform/http/crowd.ts'
import { guardServer } from '../../platform/http/guard-server.ts'
import { isLoopback, peerGroup } from '../../platform/http/peer-address.ts'
import type { RequestTarget } from '../../platform/http/request-target.ts'
import { StrangerLog } from '../../platform/http/stranger-log.ts'
import type { Log } from '../../platform/log.ts'
import { listenFailure } from '../../platform/port-holder.ts'
import { CONTROL_SCHEMA_VERSION } from '../../protocol/control-api.ts'
import type { ControlService } from '../../protocol/control-service.ts'
import { type Language, speak } from '../language/language.ts'
import { MonitoredAgent } from '../monitoring/monitored-agent.ts'
import { assessHealth } from '../views/health.ts'
import { statusView } from '../views/status-view.ts'
import { actInImport, importState } from './import-door.ts'
import type { PageImports } from './page-import.ts'
import { PageSessions } from './page-sessions.ts'
import type { SetupDesk } from './setup-desk.ts'
import { actInSetup, openByLink, setupState } from './setup-door.ts'

interface StatusPageOptions {
  readonly host: string
  readonly port: number
  readonly service: ControlService
  /** The first set-up; without it the page only shows. */
  readonly desk?: SetupDesk
  /** Imports by the page; without it there is no panel for them. */
  readonly imports?: PageImports
  readonly clock: Clock
  readonly log: Log
}

const HEADER_LIMIT_BYTES = 8 * 1024
/** Limit for the headers, for the whole request, and for an answer that is not read. */
const PATIENCE_MS = 10_000
const CHECK_EVERY_MS = 2000
/** A browser keeps up to six connections; of all that are open one without a request is closed first. */
const CONNECTIONS = { limit: 64, limitPerGroup: 48, graceMs: 500 }

export interface StatusPage extends AsyncDisposable {
  readonly url: string
  /** Makes a link that opens the page of the set-up, once, with the right to change things. */
  newLink(): string
}

/** One request on its way through the page. */
interface Page {
  readonly status: string
  readonly setup: string
  readonly sessions: PageSessions
  readonly monitored: Monitored
}

/**
 * Serves the status page, which only shows, and the page of the first set-up, which a browser that came by a link may
 * use to change things. Neither shows patient data, but for the names of files that this browser imports.
 */
export async function startStatusPage(options: StatusPageOptions): Promise<StatusPage> {
  const { host, port, log } = options
  const sessions = new PageSessions(options.clock)
  const monitored = new MonitoredAgent(options.service)
  const pages = { status: readPage('status.html'), setup: readPage('setup.html') }
  const page: Page = { ...pages, sessions, monitored }
  const server = createServer(SERVER_OPTIONS, (request, response) =>
    answerRequest(options, page, request, response),
  )
  server.timeout = PATIENCE_MS
  guardServer(server, log, malformedLog(options))
  limitConnections(server, options.clock)
  server.listen(port, host)
  await once(server, 'listening').catch((error: unknown) => {
    throw listenFailure(error, `listening on ${host}:${port}`, port)
  })
  const opened = addressOf(server)
  if (!isLoopback(opened.address))
    log.warn('status page can be read from other machines', { host, port: opened.port })
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}:${opened.port}/`
  const newLink = (): string => `${url}open?link=${sessions.newLink()}`
  const close = (): Promise<void> => {
    monitored[Symbol.dispose]()
    return closeServer(server)
  }
  return { url, newLink, [Symbol.asyncDispose]: close }
}

/** Reads a page, with the script and the panel that both pages share. */
function readPage(name: string): string {
  const [page = '', shared = '', panel = ''] = [name, 'both-pages.html', 'import-panel.html'].map((one) =>
    readFileSync(new URL(one, import.meta.url), 'utf8'),
  )
  return page.replace('{{bothPages}}', () => shared).replace('{{importPanel}}', () => panel)
}

const SERVER_OPTIONS = {
  maxHeaderSize: HEADER_LIMIT_BYTES,
  headersTimeout: PATIENCE_MS,
  requestTimeout: PATIENCE_MS,
  connectionsCheckingInterval: CHECK_EVERY_MS,
}

function malformedLog({ log, clock }: StatusPageOptions): (peerAddress: string, reason: string) => void {
  const strangers = new StrangerLog(log, clock)
  return (peerAddress, reason) =>
    strangers.warn('malformed request to the status page', peerAddress, { reason })
}

function limitConnections(server: Server, clock: Clock): void {
  const crowd = new Crowd(CONNECTIONS, clock)
  server.on('connection', (socket) => {
    const place = crowd.enter(peerGroup(socket.remoteAddress ?? ''), () => void socket.destroy())
    if (place === undefined) socket.destroy()
    else socket.once('close', () => place.leave())
  })
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new Failure('INTERNAL', 'the status page has no port')
  return address
}

function answerRequest(
  options: StatusPageOptions,
  page: Page,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  void answerGuarded(request, response, {
    answer: (target) => answer(options, page, { request, response, target }),
    refuse: (error, canAnswer) => refuseFailed(options, response, error, canAnswer),
  })
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: RequestTarget
}

async function answer(
  { service, desk, imports }: StatusPageOptions,
  page: Page,
  exchange: Exchange,
): Promise<void> {
  const { request, response, target } = exchange
  const { path, query } = target
  if (!isOwnHost(request.headers.host)) return refuse(response, 421, 'ask by IP address or as localhost')
  const language = query.get('lang') === 'en' ? 'en' : 'zh'
  const action = /^\/api\/setup\/([a-z-]{1,20})$/.exec(path)?.[1]
  if (request.method === 'POST' && desk !== undefined && action !== undefined) {
    const { status, body } = await actInSetup(desk, page.sessions, request, { action, language })
    return sendJson(response, status, body)
  }
  const step = /^\/api\/import\/([a-z]{1,20})$/.exec(path)?.[1]
  if (request.method === 'POST' && imports !== undefined && step !== undefined) {
    const asked = { action: step, query, language } as const
    const { status, body } = await actInImport(imports, page.sessions, request, asked)
    return sendJson(response, status, body)
  }
  request.resume()
  if (request.method !== 'GET') return refuse(response, 405, 'this page only shows')
  if (desk !== undefined) {
    if (path === '/setup') return sendPage(response, page.setup)
    if (path === '/open') return openByLink(page.sessions, exchange, HEADERS)
    if (path === '/api/setup')
      return sendJson(response, 200, setupState(desk, page.sessions, request, language))
  }
  if (imports !== undefined && path === '/api/import')
    return sendJson(response, 200, importState(imports, page.sessions, request, language))
  if (isMonitoringPath(path)) {
    if (!isLoopback(request.socket.remoteAddress ?? ''))
      return refuse(response, 403, 'metrics are for this machine: see metrics.listen')
    return answerMonitoring(page.monitored, path, request, response)
  }
  if (path === '/') return sendPage(response, page.status)
  if (path !== '/api/status') return refuse(response, 404, 'nothing has this name here')
  const body = await statusBody(service, language, desk !== undefined)
  response.writeHead(200, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' }).end(body)
}

function refuseFailed(
  { log }: StatusPageOptions,
  response: ServerResponse,
  error: unknown,
  canAnswer: boolean,
): void {
  const { code, message } = failureFrom(error, 'INTERNAL', 'answering the status page')
  const isTheirs = code === 'PROTOCOL_VIOLATION'
  if (!isTheirs) log.error('status page could not answer', { code, reason: message })
  if (canAnswer) refuse(response, isTheirs ? 400 : 500, isTheirs ? message : code)
}

async function statusBody(
  service: ControlService,
  language: Language,
  isSetupThere: boolean,
): Promise<string> {
  const say = speak(language)
  const status = await service.status()
  const view = statusView(status, assessHealth(status, say, language), say, language)
  const words = {
    title: say('page.title'),
    noAnswer: say('page.noAnswer'),
    noDevices: say('report.noDevices'),
    footer: say('page.read'),
    setup: isSetupThere ? say('page.setup') : '',
  }
  return JSON.stringify({ schemaVersion: CONTROL_SCHEMA_VERSION, words, ...view })
}

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

/** Only the page's own script may run; nothing may frame it or be loaded from elsewhere. */
function sendPage(response: ServerResponse, page: string): void {
  const nonce = randomBytes(16).toString('base64')
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  response
    .writeHead(200, {
      ...HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
    })
    .end(page.replaceAll('{{nonce}}', nonce))
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify({ schemaVersion: CONTROL_SCHEMA_VERSION, ...body })
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' }).end(text)
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end(`${words}\n`)
}

/**
 * DNS rebinding: a web site that the browser visits gives itself this machine's address and then reads the page under
 * its own name. An address or `localhost` can't be taken over so.
 */
function isOwnHost(header: string | undefined): boolean {
  const url = `http://${header ?? ''}/`
  if (header === undefined || !URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
