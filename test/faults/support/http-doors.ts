import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { startControlServer } from '../../../src/agent/control/control-server.ts'
import { startStatusPage } from '../../../src/console/web/status-page.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type Log, silentLog } from '../../../src/platform/log.ts'
import { CENTER_PATHS } from '../../../src/protocol/center-api.ts'
import { CONTROL_PATHS, controlSocketPath } from '../../../src/protocol/control-api.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'
import { type EnrolledAgent, RunningCenter } from '../../support/centers/running-center.ts'
import { packOf, spoolFile } from '../../support/instances/spool-file-fixture.ts'
import { FakeControlService } from '../../support/peers/fake-control-service.ts'
import { openPlain, openTls, requestFor, sendRaw, statusIn } from '../../support/peers/raw-http.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import type { DoorName, Means } from './http-grammar.ts'

/** A fault of our own, planted to see that it is found. */
export type HttpDefect = 'unguarded' | 'throws' | 'rejects'

export interface HttpDoors extends AsyncDisposable {
  readonly open: Readonly<Record<DoorName, () => Duplex>>
  /** An agent's token and upload, for requests that get past the first check. */
  means(): Means
  /** Asks each door as an honest client does; returns what was wrong. */
  askHonestly(): Promise<string[]>
  /** Sends a whole instance to the center; returns what was wrong. */
  deliverHonestly(): Promise<string[]>
}

const WHOLE_OR_BUSY: ReadonlySet<string> = new Set(['STORAGE_FULL', 'CENTER_BUSY'])

/** A center's front, a status page and a control socket in this process. A line at `error` is a fault. */
export async function openHttpDoors(
  noteFault: (fault: string) => void,
  defect: HttpDefect | undefined,
): Promise<HttpDoors> {
  const log: Log = {
    ...silentLog,
    error: (message, fields = {}) => {
      if (!WHOLE_OR_BUSY.has(String(fields['code'])))
        noteFault(`logged: ${message} ${JSON.stringify(fields)}`)
    },
  }
  const stack = new AsyncDisposableStack()
  const center = stack.use(await RunningCenter.start({ log }))
  const folder = stack.use(tempFolder())
  const service = new DefectService(defect)
  stack.use(await startControlServer({ dataFolder: folder.path, service, log }))
  const page = stack.use(
    await startStatusPage({ host: '127.0.0.1', port: 0, service, clock: systemClock, log }),
  )
  const pagePort = defect === 'unguarded' ? await unguardedPort(stack) : Number(new URL(page.url).port)
  const [hostile, honest] = [await center.enrol('Hostile'), await center.enrol('Honest')]
  const upload = await anUpload(hostile)
  const open = {
    front: openTls(center.port, '127.0.0.66'),
    page: openPlain({ host: '127.0.0.1', port: pagePort }),
    control: openPlain({ path: controlSocketPath(folder.path) }),
  }
  const recipients = await center.recipients(honest)
  return {
    open,
    means: () => ({ token: hostile.token(), ...upload }),
    askHonestly: async () => {
      const bearer = `Authorization: Bearer ${honest.token()}\r\n`
      const asked = [
        await status(openTls(center.port), requestFor(CENTER_PATHS.agent, 'GET', bearer)),
        await status(open.page, requestFor('/api/status')),
        await status(open.control, requestFor(CONTROL_PATHS.status)),
      ]
      return asked.every((it) => it === 200) ? [] : [`honest requests got ${asked.join(', ')}`]
    },
    deliverHonestly: async () => {
      const answer = await honest.deliver(packOf([spoolFile({ recipients })]))
      const isStored = answer.state === 'answered' && answer.members[0]?.state === 'stored'
      return isStored ? [] : [`an honest pack got ${JSON.stringify(answer)}`]
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const status = async (open: () => Duplex, request: string): Promise<number | undefined> =>
  statusIn(await sendRaw(open, request))

/** Answers as a status page once did: its exceptions are not caught. */
async function answerCarelessly({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
  response.end(new URL(url ?? '/', 'http://ferry').pathname)
}

async function unguardedPort(stack: AsyncDisposableStack): Promise<number> {
  const server = createServer((request, response) => void answerCarelessly(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function anUpload(agent: EnrolledAgent): Promise<Omit<Means, 'token'>> {
  const pack = newUlid(Date.now())
  const created = await agent.create({ pack, bytes: Buffer.alloc(1000) })
  const metadata = `pack ${Buffer.from(pack).toString('base64')}`
  return { upload: String(created.headers.location), metadata }
}

class DefectService extends FakeControlService {
  readonly #defect: HttpDefect | undefined

  constructor(defect: HttpDefect | undefined) {
    super()
    this.#defect = defect
  }

  override study(studyInstanceUid: string): ReturnType<FakeControlService['study']> {
    if (this.#defect === 'throws') throw new TypeError('a planted exception')
    if (this.#defect === 'rejects') void Promise.reject(new TypeError('a planted rejection'))
    return super.study(studyInstanceUid)
  }
}
