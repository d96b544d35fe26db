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

import { actInImport, importState } from './import-door.ts'
import { PageFiles } from './page-files.ts'
import type { PageImports } from './page-import.ts'
import { PageSessions } from './page-sessions.ts'
import type { RecentLine } from './recent-lines.ts'
import type { SetupDesk } from './setup-desk.ts'
import { actInSetup, openByLink, setupState } from './setup-door.ts'

export interface StatusPageOptions {
  readonly host: string
  readonly port: number
  readonly service: ControlService
  /** The first set-up; without it the page only shows. */
  readonly desk?: SetupDesk
  /** Imports by the page; without it there is no panel for them. */
  readonly imports?: PageImports
  /** The last lines of the log. */
  readonly recent?: () => readonly RecentLine[]
  readonly clock: Clock
  readonly log: Log
}

const FILES = new PageFiles('agent')
const HEADER_LIMIT_BYTES = 8 * 1024
/** Limit for the headers, for the whole request, and for an answer that is not read. */
const PATIENCE_MS = 10_000
const CHECK_EVERY_MS = 2000
/** A browser keeps up to six connections; of all that are open one without a request is closed first. */
const CONNECTIONS = { limit: 64, limitPerGroup: 48, graceMs: 500 }

export interface StatusPage extends AsyncDisposable {
  readonly url: string
  /** Makes a link that opens the page, once, with the right to change things, for this user. */
  newLink(osUser?: string): string
}

/** One request on its way through the page. */
interface Page {
  readonly setup: string
  readonly sessions: PageSessions
  readonly monitored: Monitored
}

/**
 * Serves the page of the agent and that of the first set-up. Everyone who reaches the port sees the overview, which holds
 * no patient data. A browser on this machine that came by a link sees the other views, with masked names, and may act.
 */
export async function startStatusPage(options: StatusPageOptions): Promise<StatusPage> {
  const { host, port, log } = options
  const sessions = new PageSessions(options.clock)
  const monitored = new MonitoredAgent(options.service)
  const page: Page = { setup: readSetup(), sessions, monitored }
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
  const newLink = (osUser?: string): string => `${url}open?link=${sessions.newLink(osUser)}`
  const close = (): Promise<void> => {
    monitored[Symbol.dispose]()
    return closeServer(server)
  }
  return { url, newLink, [Symbol.asyncDispose]: close }
}

const readSetup = (): string => readFileSync(new URL('setup.html', import.meta.url), 'utf8')

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

async function answer(options: StatusPageOptions, page: Page, exchange: Exchange): Promise<void> {
  const { request, response, target } = exchange
  if (!isOwnHost(request.headers.host)) return refuse(response, 421, 'ask by IP address or as localhost')
  const language = target.query.get('lang') === 'en' ? 'en' : 'zh'
  if (request.method === 'POST') return answerAction(options, page, exchange, language)
  request.resume()
  if (request.method !== 'GET') return refuse(response, 405, 'this page takes GET and POST')
  if (FILES.send(response, target.path, HEADERS)) return
  await answerView(options, page, exchange, language)
}

const ACTION = /^\/api\/(setup|import|act)\/([a-z-]{1,20})$/

async function answerAction(
  { service, desk, imports }: StatusPageOptions,
  { sessions }: Page,
  { request, response, target: { path, query } }: Exchange,
  language: Language,
): Promise<void> {
  const [, kind, action = ''] = ACTION.exec(path) ?? []
  if (kind === 'setup' && desk !== undefined) {
    const { status, body } = await actInSetup(desk, sessions, request, { action, language })
    return sendJson(response, status, body)
  }
  if (kind === 'import' && imports !== undefined) {
    const { status, body } = await actInImport(imports, sessions, request, { action, query, language })
    return sendJson(response, status, body)
  }
  if (kind === 'act') {
    const { actOnPage } = await import('./page-actions.ts')
    const { pageWords } = await import('./study-texts.ts')
    const sources = { service, desk, sessions }
    const { status, body } = await actOnPage(sources, request, action, pageWords(language))
    return sendJson(response, status, body)
  }
  request.resume()
  refuse(response, 405, 'nothing can be changed here')
}

async function answerView(
  { service, desk, imports, recent }: StatusPageOptions,
  { setup, sessions, monitored }: Page,
  exchange: Exchange,
  language: Language,
): Promise<void> {
  const { request, response, target } = exchange
  const { path, query } = target
  if (desk !== undefined) {
    if (path === '/setup') return sendPage(response, setup)
    if (path === '/open') return openByLink(sessions, desk.joining.state === 'joined', exchange, HEADERS)
    if (path === '/api/setup') return sendJson(response, 200, setupState(desk, sessions, request, language))
  }
  if (imports !== undefined && path === '/api/import')
    return sendJson(response, 200, importState(imports, sessions, request, language))
  if (isMonitoringPath(path)) {
    if (!isLoopback(request.socket.remoteAddress ?? ''))
      return refuse(response, 403, 'metrics are for this machine: see metrics.listen')
    return answerMonitoring(monitored, path, request, response)
  }
  if (!path.startsWith('/api/')) return refuse(response, 404, 'nothing has this name here')
  // Loaded with the first look at the page: an agent at which no one looks needs no memory for it.
  const { openView, sessionView } = await import('./page-views.ts')
  const { pageWords } = await import('./study-texts.ts')
  const mayAct = sessions.isOpen(request)
  const [sources, asked] = [
    { service, desk, recent },
    { path, query, words: pageWords(language), mayAct },
  ]
  const open = await openView(sources, asked)
  if (open !== undefined) return sendJson(response, 200, open)
  if (!mayAct) return sendJson(response, 403, { message: speak(language)('page.noSession') })
  const view = await sessionView(sources, asked)
  if (view === undefined) return sendJson(response, 404, { message: speak(language)('page.nothing') })
  sendJson(response, 200, view)
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
