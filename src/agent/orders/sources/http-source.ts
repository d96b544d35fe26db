import type { OrderSourceSettings } from '../../../config/order-settings.ts'
import { DicomwebConnection } from '../../../dicomweb/dicomweb-connection.ts'
import type { Clock } from '../../../platform/clock.ts'
import { describe, Failure, systemCode } from '../../../platform/failure.ts'
import { readOrderFile, readOrderText } from '../records/read-order-file.ts'
import { answerOfRecords } from './answer-of-records.ts'
import { localDay } from './local-day.ts'
import type { PolledSource, SourceAnswer } from './order-source.ts'

const LARGEST_BYTES = 16 * 1024 * 1024
const DAYS: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 }

type HttpAnswer = Awaited<ReturnType<DicomwebConnection['send']>>

/** An address that answers GET with a list of orders in JSON. Redirections are not followed: a token must not travel on. */
export class HttpSource implements PolledSource {
  readonly everyMs: number
  readonly #name: string
  readonly #settings: Extract<OrderSourceSettings, { kind: 'http' }>['http']
  readonly #clock: Clock
  /** The entity tag of the last answer that was read, and its address. */
  #last: { etag: string; url: string } | undefined

  constructor({ name, http }: Extract<OrderSourceSettings, { kind: 'http' }>, clock: Clock) {
    this.#name = name
    this.#settings = http
    this.#clock = clock
    this.everyMs = http.everyMs
  }

  async ask(signal: AbortSignal): Promise<SourceAnswer | undefined> {
    const { url: template, timeoutMs, user, passwordFile, tokenFile, caFile } = this.#settings
    const url = withDays(template, this.#clock.now())
    await using connection = await DicomwebConnection.open({
      url,
      timeoutMs,
      ...(user !== undefined && { username: user }),
      ...(passwordFile !== undefined && { passwordFile }),
      ...(tokenFile !== undefined && { tokenFile }),
      ...(caFile !== undefined && { caFile }),
    })
    const late = AbortSignal.timeout(timeoutMs)
    const etag = this.#last?.url === url ? this.#last.etag : undefined
    const headers = { accept: 'application/json', ...(etag !== undefined && { 'if-none-match': etag }) }
    try {
      const limit = AbortSignal.any([signal, late])
      return await this.#read(url, await connection.send({ method: 'GET', url, headers, signal: limit }))
    } catch (error) {
      if (error instanceof Failure) throw error
      const distrust = distrustOf(error)
      if (distrust !== undefined)
        throw new Failure('ORDERS_REFUSED', `asking for orders: ${distrust}`, { cause: error })
      const found = late.aborted ? `no whole answer within ${timeoutMs / 1000} s` : describe(error)
      throw new Failure('ORDERS_UNREACHABLE', `asking for orders: ${found}`, { cause: error })
    }
  }

  async #read(url: string, answer: HttpAnswer): Promise<SourceAnswer | undefined> {
    const { statusCode, headers, body } = answer
    if (statusCode !== 200) {
      // The connection is closed afterwards; nothing is read of the rest.
      body.on('error', () => {}).destroy()
      if (statusCode === 304 && this.#last !== undefined) return undefined
      throw refused(answer)
    }
    const records = readOrderFile(readOrderText(await readBody(body)), 'json', this.#settings.records)
    const { etag } = headers
    this.#last = typeof etag === 'string' ? { etag, url } : undefined
    return await answerOfRecords(this.#name, records, this.#settings, 'the answer')
  }
}

/** Codes of OpenSSL (X509_verify_cert_error_string) by which Node refuses a certificate; undefined for another error. */
function distrustOf(error: unknown): string | undefined {
  const code = systemCode(error)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is not for this address (${code})`
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `its certificate is not valid today (${code})`
  return code !== undefined && DISTRUSTED.test(code)
    ? `its certificate is not trusted (${code}): name its authority with ca`
    : undefined
}

const DISTRUSTED = /CERT|ISSUER|LEAF_SIGNATURE/

async function readBody(body: HttpAnswer['body']): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    if (length > LARGEST_BYTES) {
      throw new Failure('ORDERS_INVALID', `asking for orders: the answer is over ${LARGEST_BYTES} bytes`)
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces, length)
}

function refused({ statusCode, headers: { location } }: HttpAnswer): Failure {
  if (statusCode >= 300 && statusCode < 400)
    return new Failure(
      'ORDERS_REFUSED',
      `asking for orders: the answer leads to another address (HTTP ${statusCode}, ${originOf(location)})`,
    )
  const code = statusCode >= 500 || statusCode === 429 ? 'ORDERS_UNREACHABLE' : 'ORDERS_REFUSED'
  return new Failure(code, `asking for orders: HTTP ${statusCode}`)
}

/** The rest of an address may hold a token. */
function originOf(location: string | string[] | undefined): string {
  return typeof location === 'string' && URL.canParse(location) ? new URL(location).origin : 'the same server'
}

/** Replaces `{today}` and its neighbours by local dates. */
function withDays(template: string, nowMs: number): string {
  return template.replace(/\{(yesterday|today|tomorrow)\}/g, (_, word: string) =>
    localDay(nowMs, DAYS[word] ?? 0),
  )
}
