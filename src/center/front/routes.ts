import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import type { RequestTarget } from '../../platform/http/request-target.ts'
import { ownVersion } from '../../platform/process/own-version.ts'
import {
  type AgentAnswer,
  CENTER_PATHS,
  type HoldingsAnswer,
  holdingsRequestSchema,
  joinRequestSchema,
  type PackAnswer,
  type PacsChangesAnswer,
  pacsChangesRequestSchema,
  type ReceiptsAnswer,
  RUN_HEADER,
  receiptsRequestSchema,
  VERSION_HEADER,
} from '../../protocol/center-api.ts'
import type { SignedKeyList } from '../../protocol/key-list.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { verifyKeyFromText } from '../../protocol/signing-key.ts'
import { HttpRefusal, readText, sendJson } from '../http/http-answer.ts'
import { tusMethod } from '../http/tus-headers.ts'
import type { PackWorker, SettledPack } from '../opening/pack-worker.ts'
import { join } from '../operate/enrolment.ts'
import { lookUp, type ReceiptOptions } from '../receipts/receipts.ts'
import { unknownReceipts } from '../receipts/unknown-receipts.ts'
import { type AgentRuns, isCloned } from '../register/agent-runs.ts'
import type { Agent } from '../register/register.ts'
import type { StoreWatch } from '../store/store-watch.ts'
import type { PackUploads } from '../uploads/pack-uploads.ts'
import { type Authenticator, checkApproved, checkPossession } from './authenticate.ts'
import type { HeartbeatDoor } from './heartbeat-door.ts'
import type { ManifestDoor } from './manifest-door.ts'

export interface RoutesOptions extends ReceiptOptions {
  readonly ring: ReceiptOptions['ring'] & { readonly list: SignedKeyList }
  readonly authenticator: Authenticator
  readonly runs: AgentRuns
  readonly uploads: PackUploads
  readonly worker: PackWorker
  readonly watch: StoreWatch
  readonly manifests: ManifestDoor
  readonly heartbeats: HeartbeatDoor
  /** Told the code of each refused request. */
  readonly counts?: { refused(code: string): void }
  readonly clock: Clock
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: RequestTarget
  /** Called when the request has the verified token of an approved agent: its connection is trusted from now on. */
  readonly proved: (agent: string) => void
  /** Aborted when the connection is gone, or the center closes. */
  readonly signal: AbortSignal
}

const JOIN_LIMIT_BYTES = 4 * 1024
const RECEIPTS_LIMIT_BYTES = 256 * 1024
const HOLDINGS_LIMIT_BYTES = 128 * 1024
/** Thirty times what an agent puts into one part (PART_INSTANCES). */
const MANIFEST_LIMIT_BYTES = 16 * 1024 * 1024
const ANSWER_WAIT_MS = 25_000

/**
 * Answers one request to the center's interface (protocol/center-api.ts), or throws the Failure with which to refuse
 * it.
 */
export async function answer(options: RoutesOptions, exchange: Exchange): Promise<void> {
  const { request, response } = exchange
  const { path } = exchange.target
  const method = path.startsWith(CENTER_PATHS.packs) ? tusMethod(request) : request.method
  switch (`${method} ${path}`) {
    case `GET ${CENTER_PATHS.health}`:
      return sendJson(response, 200, { status: 'ok' })
    case `GET ${CENTER_PATHS.introduction}`:
      return sendJson(response, 200, options.ring.list)
    case `POST ${CENTER_PATHS.join}`:
      return answerJoin(options, exchange)
    case `OPTIONS ${CENTER_PATHS.packs}`:
      return options.uploads.options(response)
  }
  const agent = await options.authenticator.identify(request)
  if (agent.state === 'approved') exchange.proved(agent.kid)
  response.setHeader(VERSION_HEADER, ownVersion())
  // An agent in any state may ask for the center's view of it, and for nothing else.
  if (`${method} ${path}` === `GET ${CENTER_PATHS.agent}`) {
    await options.runs.heard(agent, request.headers[RUN_HEADER])
    return sendJson(response, 200, await agentAnswer(agent, options))
  }
  checkApproved(agent)
  switch (`${method} ${path}`) {
    case `GET ${CENTER_PATHS.keys}`:
      return sendJson(response, 200, options.ring.list)
    case `POST ${CENTER_PATHS.manifests}`:
      return sendJson(
        response,
        200,
        await options.manifests.answer(options, agent, request, MANIFEST_LIMIT_BYTES, exchange.signal),
      )
    case `POST ${CENTER_PATHS.heartbeat}`:
      await options.heartbeats.take(agent, request)
      return sendJson(response, 200, {})
    case `POST ${CENTER_PATHS.receipts}`:
      return answerReceipts(options, exchange, agent)
    case `POST ${CENTER_PATHS.pacsChanges}`:
      return answerPacsChanges(options, exchange, agent)
    case `POST ${CENTER_PATHS.holdings}`:
      return answerHoldings(options, exchange, agent)
    case `POST ${CENTER_PATHS.packs}`:
      // A pack that cannot be opened now would only fill the disk of the packs.
      await options.watch.check()
      return options.uploads.create(request, response, agent)
  }
  return answerUpload(options, exchange, agent, `${method} ${path}`)
}

async function answerJoin(options: RoutesOptions, { request, response }: Exchange): Promise<void> {
  const text = await readText(request, JOIN_LIMIT_BYTES)
  const joining = parseJson(text, joinRequestSchema, 'PROTOCOL_VIOLATION', 'reading a request to join')
  const now = options.clock.now()
  checkPossession(request, verifyKeyFromText(joining.signingKey), options.ring.center, now)
  const agent = await join(options.register, joining, now)
  sendJson(response, 200, await agentAnswer(agent, options))
}

/** While the store is missing, the center does not know what it holds; an agent then removes nothing. */
async function agentAnswer(
  { kid, state, name, losses, clonedAt }: Agent,
  { ring: { list: keys }, register, watch, clock }: RoutesOptions,
): Promise<AgentAnswer> {
  if (state !== 'approved') return { state, name }
  const chain = (await register.receipts.newest(kid)) ?? null
  const cloned = isCloned({ clonedAt }, clock.now())
  return { state, name, keys, chain, losses: (await watch.isPresent()) ? losses : null, cloned }
}

async function answerReceipts(
  options: RoutesOptions,
  { request, response }: Exchange,
  agent: Agent,
): Promise<void> {
  const text = await readText(request, RECEIPTS_LIMIT_BYTES)
  const attempted = 'reading a question about receipts'
  const asked = parseJson(text, receiptsRequestSchema, 'PROTOCOL_VIOLATION', attempted)
  const manifests = await unknownReceipts(options.register, agent, asked.manifests)
  const receipts = await options.register.receipts.notGiven(agent.kid, asked.receipts)
  sendJson(response, 200, { unknown: [...manifests, ...receipts] } satisfies ReceiptsAnswer)
}

async function answerPacsChanges(
  options: RoutesOptions,
  { request, response }: Exchange,
  agent: Agent,
): Promise<void> {
  const text = await readText(request, RECEIPTS_LIMIT_BYTES)
  const attempted = 'reading a question about the PACS'
  const asked = parseJson(text, pacsChangesRequestSchema, 'PROTOCOL_VIOLATION', attempted)
  const changed = await options.register.receipts.pacsChanged(agent.kid, asked.manifests)
  sendJson(response, 200, { changed } satisfies PacsChangesAnswer)
}

/** The agent removes its copies after this answer, so the files are checked immediately before it. */
async function answerHoldings(
  options: RoutesOptions,
  { request, response }: Exchange,
  agent: Agent,
): Promise<void> {
  const text = await readText(request, HOLDINGS_LIMIT_BYTES)
  const attempted = 'reading a question about instances'
  const { instances } = parseJson(text, holdingsRequestSchema, 'PROTOCOL_VIOLATION', attempted)
  const { missing } = await lookUp(options, agent.kid, instances)
  sendJson(response, 200, { missing } satisfies HoldingsAnswer)
}

async function answerUpload(
  options: RoutesOptions,
  exchange: Exchange,
  agent: Agent,
  asked: string,
): Promise<void> {
  const { request, response } = exchange
  const [, method, uploadId = '', answerPath] =
    /^(\w+) \/v1\/packs\/([0-9A-Z]{26})(\/answer)?$/.exec(asked) ?? []
  if (answerPath !== undefined && method === 'GET') return answerPack(options, exchange, agent, uploadId)
  if (answerPath === undefined) {
    if (method === 'HEAD') return options.uploads.head(request, response, agent, uploadId)
    if (method === 'PATCH') return options.uploads.patch(request, response, agent, uploadId)
    if (method === 'DELETE') return options.uploads.terminate(request, response, agent, uploadId)
  }
  throw new HttpRefusal(
    404,
    'PROTOCOL_VIOLATION',
    'reading a request: the center has nothing of this method and path',
  )
}

/** Returns the results of a pack's members; waits a while for them, so that an agent need not ask again and again. */
async function answerPack(
  options: RoutesOptions,
  exchange: Exchange,
  agent: Agent,
  uploadId: string,
): Promise<void> {
  const before = await options.uploads.own(agent, uploadId)
  if ((await options.uploads.offset(before)) < before.bytes) {
    throw new HttpRefusal(409, 'PROTOCOL_VIOLATION', 'asking for an answer: the pack is not whole yet')
  }
  if (before.answer === null) await options.watch.check()
  if (before.answer === null) await options.worker.answered(uploadId, ANSWER_WAIT_MS, exchange.signal)
  const { answer: settled } = await options.uploads.own(agent, uploadId)
  sendPackAnswer(exchange.response, settled)
}

function sendPackAnswer(response: ServerResponse, settled: string | null): void {
  if (settled === null) return sendJson(response, 200, { state: 'processing' } satisfies PackAnswer)
  const pack: SettledPack = JSON.parse(settled)
  if ('refused' in pack) return sendJson(response, 422, pack.refused)
  if ('damaged' in pack)
    return sendJson(response, 200, { state: 'damaged', reason: pack.damaged } satisfies PackAnswer)
  sendJson(response, 200, { state: 'answered', members: [...pack.members] } satisfies PackAnswer)
}
