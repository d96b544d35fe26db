import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { failureFrom } from '../platform/failure.ts'
import { answerGuarded } from '../platform/http/answer-guarded.ts'
import { closeServer } from '../platform/http/close-server.ts'
import { guardServer } from '../platform/http/guard-server.ts'
import type { Log } from '../platform/log.ts'
import { listenFailure } from '../platform/port-holder.ts'
import { answerMonitoring, isMonitoringPath, type Monitored } from './answer-monitoring.ts'

/** A scraper opens one connection; several may watch. Further ones are closed at once. */
const CONNECTIONS = 32
const PATIENCE_MS = 10_000
const SERVER_OPTIONS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: PATIENCE_MS,
  requestTimeout: PATIENCE_MS,
  connectionsCheckingInterval: 2000,
}

interface MonitoringServerOptions {
  readonly host: string
  readonly port: number
  readonly monitored: Monitored
  readonly log: Log
}

interface MonitoringServer extends AsyncDisposable {
  readonly port: number
}

/**
 * Serves metrics and health, and nothing else, to every machine that reaches the address; the network's rules decide who
 * does. Throws PORT_IN_USE and other failures of listening.
 */
export async function startMonitoringServer(options: MonitoringServerOptions): Promise<MonitoringServer> {
  const { host, port, log } = options
  const server = createServer(SERVER_OPTIONS, (request, response) => answer(options, request, response))
  server.timeout = PATIENCE_MS
  server.maxConnections = CONNECTIONS
  guardServer(server, log, () => {})
  server.listen(port, host)
  await once(server, 'listening').catch((error: unknown) => {
    throw listenFailure(error, `listening on ${host}:${port} for metrics`, port)
  })
  const address = server.address()
  const opened = typeof address === 'object' ? (address?.port ?? port) : port
  log.info('metrics are served', { host, port: opened })
  return { port: opened, [Symbol.asyncDispose]: () => closeServer(server) }
}

function answer(
  { monitored, log }: MonitoringServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  void answerGuarded(request, response, {
    answer: ({ path }) => {
      request.resume()
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      if (!isMonitoringPath(path)) return refuse(response, 404, 'nothing has this name here')
      if (!isRead) return refuse(response, 405, 'this address only shows')
      return answerMonitoring(monitored, path, request, response)
    },
    refuse: (error, canAnswer) => {
      const { code, message } = failureFrom(error, 'INTERNAL', 'answering a scraper')
      const isTheirs = code === 'PROTOCOL_VIOLATION'
      if (!isTheirs) log.error('metrics could not be answered', { code, reason: message })
      if (canAnswer) refuse(response, isTheirs ? 400 : 500, code)
    },
  })
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${words}\n`)
}
