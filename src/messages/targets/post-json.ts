import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Failure, systemCode } from '../../platform/failure.ts'

interface Posted {
  readonly url: URL
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
  readonly ca?: Buffer | undefined
}

const ANSWER_LIMIT_BYTES = 64 * 1024
const TIME_LIMIT_MS = 20_000
const REASON_CHARACTERS = 200

/**
 * Posts JSON and returns the text of a 2xx answer. Follows no redirect, since the address is a secret. Throws
 * MESSAGE_UNSENT, which names the host only.
 */
export async function postJson(posted: Posted, signal: AbortSignal): Promise<string> {
  const attempted = `posting to ${posted.url.host}`
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)])
  const { status, text } = await exchange(posted, limited).catch((error: unknown) => {
    const reason = limited.aborted && !signal.aborted ? 'no answer' : (systemCode(error) ?? 'it failed')
    throw new Failure('MESSAGE_UNSENT', `${attempted}: ${reason}`)
  })
  if (status >= 200 && status < 300) return text
  throw new Failure('MESSAGE_UNSENT', `${attempted}: it answers ${status}`)
}

/** A robot answers 200 and says in the body whether it took the message. Throws MESSAGE_UNSENT. */
export function checkRobotAnswer(text: string, host: string): void {
  const { errcode, errmsg } = robotAnswer(text)
  if (errcode === 0) return
  const reason = errmsg.replaceAll(/https?:\/\/\S+/g, '…').slice(0, REASON_CHARACTERS)
  throw new Failure('MESSAGE_UNSENT', `posting to ${host}: the robot refuses it: ${errcode ?? '?'} ${reason}`)
}

function robotAnswer(text: string): { errcode: number | undefined; errmsg: string } {
  try {
    const found: unknown = JSON.parse(text)
    if (
      typeof found === 'object' &&
      found !== null &&
      'errcode' in found &&
      typeof found.errcode === 'number'
    )
      return { errcode: found.errcode, errmsg: 'errmsg' in found ? String(found.errmsg) : '' }
  } catch {
    // The answer of something else, such as a page.
  }
  return { errcode: undefined, errmsg: 'the answer is not that of a robot' }
}

function exchange(
  { url, body, headers, ca }: Posted,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const bytes = Buffer.from(JSON.stringify(body))
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'content-length': bytes.length },
        agent: false,
        signal,
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        const pieces: Buffer[] = []
        let size = 0
        response.on('data', (piece: Buffer) => {
          size += piece.length
          if (size > ANSWER_LIMIT_BYTES) response.destroy(new Error('the answer is too long'))
          else pieces.push(piece)
        })
        response.once('error', reject)
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }),
        )
      },
    )
    asking.once('error', reject)
    asking.end(bytes)
  })
}
