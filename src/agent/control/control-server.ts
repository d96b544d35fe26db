import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AuditTrail } from '../../audit/audit-trail.ts'
import { describe, Failure, type FailureCode, failureFrom } from '../../platform/failure.ts'
import { answerGuarded } from '../../platform/http/answer-guarded.ts'
import { closeServer } from '../../platform/http/close-server.ts'
import { guardServer } from '../../platform/http/guard-server.ts'
import type { RequestTarget } from '../../platform/http/request-target.ts'
import type { Log } from '../../platform/log.ts'
import { CONTROL_PATHS, CONTROL_SCHEMA_VERSION, controlSocketPath } from '../../protocol/control-api.ts'
import {
  type AssignRequest,
  type CallerPattern,
  type ControlService,
  type ImportRequest,
  type NamesRequest,
  USER_HEADER,
} from '../../protocol/control-service.ts'
import { ORDER_PATHS } from '../../protocol/orders-api.ts'
import { auditedCall } from './audited-call.ts'

const LONGEST_LIST = 10_000
/** sun_path holds 108 bytes on Linux, 104 elsewhere, including the closing NUL. */
const LONGEST_SOCKET_PATH = 103

/**
 * Only the service's own user can connect; the limits keep a faulty program from taking descriptors without end. A
 * request has no limit as a whole: the data set of an instance may come from a slow disc. Silence ends it.
 */
const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 2000,
}
/** Longer than any answer takes to compute or to be read. */
const SILENCE_MS = 5 * 60_000
const CONNECTIONS = 64

interface ControlServerOptions {
  /** Held by this process, so that a socket in it was left by a dead process. */
  readonly dataFolder: string
  readonly service: ControlService
  /** Records what people ask for; without it nothing is recorded. */
  readonly audit?: Pick<AuditTrail, 'recorded'>
  readonly log: Log
}

/** Serves the CLI on the folder's control socket, which only the service's own user can open. */
export async function startControlServer(options: ControlServerOptions): Promise<AsyncDisposable> {
  const path = controlSocketPath(options.dataFolder)
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new Failure(
      'CONFIG_INVALID',
      `listening on ${path}: a socket's path has at most ${LONGEST_SOCKET_PATH} bytes: choose a shorter data folder`,
    )
  }
  if (process.platform !== 'win32') rmSync(path, { force: true })
  const server = createServer(SERVER_OPTIONS, (request, response) =>
    answerRequest(options, request, response),
  )
  server.timeout = SILENCE_MS
  server.maxConnections = CONNECTIONS
  guardServer(server, options.log, () => {})
  try {
    await listenPrivately(server, path)
  } catch (error) {
    throw failureFrom(error, 'STORAGE_ERROR', `listening on ${path}`)
  }
  return { [Symbol.asyncDispose]: () => closeServer(server) }
}

/** A socket is created with the mode that the umask allows, so that others cannot connect at any moment. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(before)
  }
  await once(server, 'listening')
  if (process.platform !== 'win32') chmodSync(path, 0o600)
}

function answerRequest(
  options: ControlServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  void answerGuarded(request, response, {
    answer: (target) => answer(options, request, response, target),
    refuse: (error, canAnswer) => refuse(options, response, error, canAnswer),
  })
}

async function answer(
  { service, audit }: ControlServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  target: RequestTarget,
): Promise<void> {
  const isImport = request.method === 'POST' && target.path === CONTROL_PATHS.importInstance
  if (!isImport) request.resume()
  const act = (): Promise<object | undefined> =>
    isImport ? importInstance(service, request, target) : route(service, request, target)
  const user = request.headers[USER_HEADER]
  const call = `${request.method} ${target.path}`
  const event = auditedCall(call, target.query, typeof user === 'string' ? user : undefined)
  const result = event === undefined || audit === undefined ? await act() : await audit.recorded(event, act)
  if (result === undefined) {
    send(response, 404, { code: absenceOf(target.path), message: 'nothing has this name here' })
  } else send(response, 200, result)
}

/** A path of no kind is asked by a command of another version. */
function absenceOf(path: string): FailureCode {
  if (path.startsWith(`${CONTROL_PATHS.quarantine}/`)) return 'NOT_HELD'
  const rest = path.startsWith(`${CONTROL_PATHS.studies}/`)
    ? path.slice(CONTROL_PATHS.studies.length + 1)
    : ''
  return rest === '' || rest.includes('/') ? 'AGENT_VERSION' : 'STUDY_UNKNOWN'
}

/** Failures by which the agent says no to what was asked. */
const REFUSALS: ReadonlySet<FailureCode> = new Set([
  'USAGE',
  'PROTOCOL_VIOLATION',
  'NOT_HELD',
  'DEVICE_LISTED',
  'OTHER_CONFIG',
  'RESTART_BY_HAND',
  'PAGE_CLOSED',
  'FILE_CHANGED',
  'ORDER_UNKNOWN',
  'SOURCE_UNKNOWN',
])

function refuse(
  { log }: ControlServerOptions,
  response: ServerResponse,
  error: unknown,
  canAnswer: boolean,
): void {
  const failure = failureFrom(error, 'INTERNAL', 'answering a control request')
  if (failure.code === 'INTERNAL') log.error('control request failed', { reason: describe(failure) })
  if (canAnswer)
    send(response, REFUSALS.has(failure.code) ? 400 : 500, { code: failure.code, message: failure.message })
}

/** Reads and drops the rest of the body after a refusal, so that the answer arrives. */
async function importInstance(
  service: ControlService,
  request: IncomingMessage,
  { query }: RequestTarget,
): Promise<object> {
  try {
    return await service.importInstance(importRequest(query), request as AsyncIterable<Buffer>)
  } finally {
    request.resume()
  }
}

function importRequest(query: URLSearchParams): ImportRequest {
  const [sopClassUid, sopInstanceUid] = [query.get('class') ?? '', query.get('instance') ?? '']
  const [transferSyntaxUid, callingAeTitle] = [query.get('syntax') ?? '', query.get('calling') ?? '']
  if ([sopClassUid, sopInstanceUid, transferSyntaxUid, callingAeTitle].includes(''))
    throw new Failure('USAGE', 'name class, instance, transfer syntax and caller')
  return { sopClassUid, sopInstanceUid, transferSyntaxUid, callingAeTitle }
}

const EVIDENCE_CALL = new RegExp(`^GET ${CONTROL_PATHS.studies}/([^/]+)/evidence/([0-9]{1,9})/([0-9]{1,9})$`)

/** Returns undefined if the path does not exist. */
async function route(
  service: ControlService,
  request: IncomingMessage,
  { path, query: searchParams }: RequestTarget,
): Promise<object | undefined> {
  const call = `${request.method} ${path}`
  if (call === `GET ${CONTROL_PATHS.status}`) return await service.status()
  if (call === `GET ${CONTROL_PATHS.queue}`) return await service.queue(limitOf(searchParams))
  if (call === `GET ${CONTROL_PATHS.studies}`) return await service.studies(limitOf(searchParams))
  if (call === `GET ${CONTROL_PATHS.history}`) return await service.history()
  if (call === `POST ${CONTROL_PATHS.retry}`)
    return await service.retry(searchParams.get('study') ?? undefined)
  if (call === `GET ${CONTROL_PATHS.quarantine}`) return await service.quarantine(limitOf(searchParams))
  if (call === `POST ${CONTROL_PATHS.release}`) return await service.release(whichOf(searchParams))
  if (call === `POST ${CONTROL_PATHS.names}`) return await service.showNames(namesRequest(searchParams))
  if (call === `GET ${CONTROL_PATHS.devices}`) return await service.devices()
  if (call === `POST ${CONTROL_PATHS.reloadDevices}`) return await service.reloadDevices()
  if (call === `POST ${CONTROL_PATHS.ignoreCaller}`)
    return await service.ignoreCaller(callersOf(searchParams))
  if (call === `POST ${CONTROL_PATHS.unignoreCaller}`)
    return await service.unignoreCaller(callersOf(searchParams))
  if (call === `POST ${CONTROL_PATHS.forgetCaller}`)
    return await service.forgetCaller(callersOf(searchParams))
  if (call === `GET ${CONTROL_PATHS.commitments}`) return await service.commitments(limitOf(searchParams))
  if (call === `GET ${CONTROL_PATHS.procedureSteps}`)
    return await service.procedureSteps(limitOf(searchParams))
  if (call === `POST ${CONTROL_PATHS.testImage}`) return await service.testImage()
  if (call === `GET ${CONTROL_PATHS.folders}`) return await service.folders(limitOf(searchParams))
  if (call === `POST ${CONTROL_PATHS.assign}`) return await service.assign(assignRequest(searchParams))
  if (call === `GET ${ORDER_PATHS.orders}`) return service.orders.list(limitOf(searchParams))
  if (call === `POST ${ORDER_PATHS.names}`) return service.orders.names(namesRequest(searchParams))
  if (call === `POST ${ORDER_PATHS.test}`) return await service.orders.test(searchParams.get('name') ?? '')
  if (call === `POST ${CONTROL_PATHS.pageLink}`) return await service.pageLink(searchParams.get('user') ?? '')
  if (call === `POST ${CONTROL_PATHS.restart}`) return await service.restart()
  const quarantined = `GET ${CONTROL_PATHS.quarantine}/`
  if (call.startsWith(quarantined)) return await service.quarantined(call.slice(quarantined.length))
  const [, ofStudy, version, part] = EVIDENCE_CALL.exec(call) ?? []
  if (ofStudy !== undefined)
    return await service.evidence(decodeURIComponent(ofStudy), Number(version), Number(part))
  const study = `GET ${CONTROL_PATHS.studies}/`
  if (call.startsWith(study)) return await service.study(decodeURIComponent(call.slice(study.length)))
  return undefined
}

function whichOf(query: URLSearchParams): { ulid: string } | { studyInstanceUid: string } {
  const [ulid, studyInstanceUid] = [query.get('ulid'), query.get('study')]
  if (ulid !== null) return { ulid }
  if (studyInstanceUid !== null) return { studyInstanceUid }
  throw new Failure('USAGE', 'name an instance or a study')
}

function callersOf(query: URLSearchParams): CallerPattern {
  const aeTitle = query.get('aet')
  if (aeTitle === null) throw new Failure('USAGE', 'name a caller')
  return { aeTitle, address: query.get('address') ?? undefined }
}

function assignRequest(query: URLSearchParams): AssignRequest {
  const { file = '', order, ...facts } = Object.fromEntries(query)
  if (file === '') throw new Failure('USAGE', 'name a file')
  return { file, order, facts }
}

function namesRequest(query: URLSearchParams): NamesRequest {
  const osUser = query.get('user') ?? ''
  if (osUser === '') throw new Failure('USAGE', 'say who wants to see names')
  const which = { studyInstanceUid: query.get('study') ?? undefined, limit: limitOf(query) }
  return { osUser, reason: query.get('reason') ?? undefined, ...which }
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 100)
  if (Number.isInteger(limit) && limit > 0 && limit <= LONGEST_LIST) return limit
  throw new Failure('USAGE', `limit is a whole number from 1 to ${LONGEST_LIST}`)
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify({ schemaVersion: CONTROL_SCHEMA_VERSION, ...body })
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text)
}
