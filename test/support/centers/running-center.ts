import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { type Center, type CenterOptions, DEFAULT_LIMITS, startCenter } from '../../../src/center/center.ts'
import { initCenter, type NewCenter } from '../../../src/center/keys/center-keys.ts'
import { OperatorDesk } from '../../../src/center/operate/operator.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { type Log, silentLog } from '../../../src/platform/log.ts'
import { signAccessToken } from '../../../src/protocol/access-token.ts'
import {
  agentAnswerSchema,
  CENTER_PATHS,
  type PackAnswer,
  packAnswerSchema,
} from '../../../src/protocol/center-api.ts'
import { type JoinCode, parseJoinCode } from '../../../src/protocol/join-code.ts'
import { verifyKeyList } from '../../../src/protocol/key-list.ts'
import { newSigningKey, type SigningKey } from '../../../src/protocol/signing-key.ts'
import { type RunningProgram, startProgram } from '../programs/child-process.ts'
import { tempFolder } from '../temp-folder.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

interface Asking {
  readonly headers?: Record<string, string | number>
  readonly body?: string | Buffer
}

/** A center on a free port, in a folder of its own, that can be stopped and started again. */
export class RunningCenter implements AsyncDisposable {
  readonly made: NewCenter
  readonly folder: string
  readonly desk: OperatorDesk
  readonly clock: Clock
  readonly #temp: Disposable
  #options: CenterOptions & { log: Log }
  readonly #https = new HttpsAgent({ keepAlive: true, rejectUnauthorized: false, maxCachedSessions: 0 })
  #center: Center | undefined
  #process: RunningProgram | undefined

  private constructor(
    made: NewCenter,
    desk: OperatorDesk,
    clock: Clock,
    temp: Disposable,
    options: CenterOptions & { log: Log },
  ) {
    this.made = made
    this.desk = desk
    this.clock = clock
    this.folder = options.folder
    this.#temp = temp
    this.#options = options
  }

  static async start(
    special: Partial<CenterOptions> & { clock?: Clock; log?: Log } = {},
  ): Promise<RunningCenter> {
    const temp = tempFolder()
    const clock = special.clock ?? systemClock
    const folder = special.folder ?? temp.join('center')
    const publicUrl = 'https://127.0.0.1:8443'
    const made = await initCenter(folder, publicUrl, clock.now())
    const desk = await OperatorDesk.open({ folder, publicUrl, clock })
    const limits = { ...DEFAULT_LIMITS, reserveBytes: 0 }
    const listen = { host: '127.0.0.1', port: 0 }
    const options = { folder, listen, name: 'District center', limits, log: silentLog, ...special }
    const running = new RunningCenter(made, desk, clock, temp, options)
    await running.open()
    return running
  }

  /** `changed`: settings that differ from now on; undefined takes one away. */
  async open(changed: { pacs?: CenterOptions['pacs'] | undefined } = {}): Promise<void> {
    const { pacs = 'pacs' in changed ? undefined : this.#options.pacs } = changed
    const { pacs: _, ...rest } = this.#options
    this.#options = { ...rest, ...(pacs && { pacs }) }
    this.#center = await startCenter({ ...this.#options, clock: this.clock })
  }

  async close(): Promise<void> {
    await this.#center?.close()
    this.#center = undefined
  }

  get port(): number {
    return this.#process?.port ?? this.#center?.port ?? 0
  }

  /** Starts it as a process of its own, to be killed. */
  async openProcess(): Promise<void> {
    const { log: _, ...options } = this.#options
    this.#process = await startProgram('run-center', join(this.folder, '..', 'center.json'), options)
  }

  /** As a power cut or the kernel's out-of-memory killer would end it. */
  async kill(): Promise<void> {
    const killed = this.#process
    this.#process = undefined
    await killed?.kill()
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  /** Recipients that agents seal to. */
  async recipients(agent: EnrolledAgent): Promise<string[]> {
    const { keys } = agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json)
    if (keys === undefined) throw new Error('the agent is not approved')
    return verifyKeyList(keys, this.made.center).seal.map((one) => one.recipient)
  }

  async invite(name: string): Promise<JoinCode> {
    return parseJoinCode((await this.desk.invite(name, 24 * 3600 * 1000)).joinCode)
  }

  /** An agent that has joined and been approved. */
  async enrol(name = 'North Street CHC'): Promise<EnrolledAgent> {
    const key = newSigningKey()
    const { token } = await this.invite(name)
    await this.join(key, token)
    await this.desk.approve(key.kid)
    return new EnrolledAgent(this, key)
  }

  join(key: SigningKey, token: string): Promise<Answer> {
    const body = { token, signingKey: key.publicKey.toString('base64url'), name: 'pc-1' }
    return new EnrolledAgent(this, key).ask('POST', CENTER_PATHS.join, { body: JSON.stringify(body) })
  }

  /** One request; resolves with its answer, rejects when the line breaks. */
  ask(method: string, path: string, { headers = {}, body }: Asking = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const isChunked = body === undefined || 'transfer-encoding' in headers
      const length = isChunked ? {} : { 'content-length': Buffer.byteLength(body) }
      const asking = request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          agent: this.#https,
          headers: { ...length, ...headers },
        },
        (response) => {
          const pieces: Buffer[] = []
          response.on('data', (piece: Buffer) => pieces.push(piece))
          response.once('error', reject)
          response.once('end', () => {
            const text = Buffer.concat(pieces).toString('utf8')
            const isJson = response.headers['content-type'] === 'application/json'
            const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json })
          })
        },
      )
      asking.once('error', reject)
      asking.end(body)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#https.destroy()
    await this.kill()
    await this.close()
    this.desk[Symbol.dispose]()
    this.#temp[Symbol.dispose]()
  }
}

/** A clinic's agent, as far as the center can tell. */
export class EnrolledAgent {
  readonly key: SigningKey
  readonly #center: RunningCenter

  constructor(center: RunningCenter, key: SigningKey) {
    this.#center = center
    this.key = key
  }

  token(): string {
    return signAccessToken(this.key, this.#center.made.center, this.#center.clock.now())
  }

  ask(method: string, path: string, asking: Asking = {}): Promise<Answer> {
    return this.#center.ask(method, path, {
      ...asking,
      headers: { authorization: `Bearer ${this.token()}`, ...asking.headers },
    })
  }

  /** A tus request. */
  tus(method: string, path: string, asking: Asking = {}): Promise<Answer> {
    return this.ask(method, path, { ...asking, headers: { 'tus-resumable': '1.0.0', ...asking.headers } })
  }

  /** Creates an upload, whole if a body comes with it; the answer's Location names it. */
  create(pack: { pack: string; bytes: Buffer }, body?: Buffer): Promise<Answer> {
    return this.tus('POST', CENTER_PATHS.packs, {
      headers: {
        'upload-length': pack.bytes.length,
        'upload-metadata': `pack ${Buffer.from(pack.pack).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/offset+octet-stream' }),
      },
      ...(body === undefined ? {} : { body }),
    })
  }

  patch(location: string, offset: number, body: Buffer): Promise<Answer> {
    return this.tus('PATCH', location, {
      headers: { 'upload-offset': offset, 'content-type': 'application/offset+octet-stream' },
      body,
    })
  }

  /** Sends a whole pack and waits for what became of its members. */
  async deliver(pack: { pack: string; bytes: Buffer }): Promise<PackAnswer> {
    const location = String((await this.create(pack, pack.bytes)).headers.location)
    return this.answered(location)
  }

  async answered(location: string): Promise<PackAnswer> {
    const { status, text, json } = await this.ask('GET', `${location}/answer`)
    if (status !== 200) throw new Error(`the center answered ${status} ${text}`)
    const answer = packAnswerSchema.parse(json)
    return answer.state === 'processing' ? this.answered(location) : answer
  }
}

/** The pin of an agent: SHA-256 of the SubjectPublicKeyInfo that the other side shows. */
export function pinOf(socket: TLSSocket): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256')
    .update(key ?? '')
    .digest('base64url')
}
