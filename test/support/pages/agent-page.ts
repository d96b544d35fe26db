import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { loadAgentSettings } from '../../../src/config/agent-settings.ts'
import { PageImports } from '../../../src/console/web/page-import.ts'
import { RecentLines } from '../../../src/console/web/recent-lines.ts'
import { SetupDesk } from '../../../src/console/web/setup-desk.ts'
import { type StatusPage, startStatusPage } from '../../../src/console/web/status-page.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type Log, silentLog } from '../../../src/platform/log.ts'
import { namedInstance } from '../instances/named-instance.ts'
import { newUid } from '../instances/sealed-instance.ts'
import { FakePacs } from '../peers/fake-pacs.ts'
import { sendInstances } from '../peers/send-instances.ts'
import { type Clinic, type ClinicOptions, openClinic } from '../programs/clinic.ts'
import { tempFolder } from '../temp-folder.ts'

/** A page with a running pair behind it. */
export interface AgentPage extends AsyncDisposable {
  readonly clinic: Clinic
  readonly page: StatusPage
  /** The configuration. */
  readonly file: string
  /** Sends images of one study. */
  send(study: SentStudy): Promise<string>
}

interface SentStudy {
  readonly name: string
  readonly id: string
  readonly accession: string
  readonly description?: string
  readonly modality?: string
  readonly device?: string
  readonly images?: number
  readonly pixelBytes?: number
  readonly isOdd?: boolean
}

const DEVICES = [
  ['CT 一室', 'CT1', 'CT', '一楼 101'],
  ['DR 室', 'DR1', 'DX', '一楼 103'],
  ['超声二室', 'US2', 'US', '二楼 207'],
] as const

const configOf = (folder: string): string => `
dataFolder: ${folder}/agent
log: {level: error}
listener: {host: 127.0.0.1, port: 11112}
limits: {reserve: 64MiB}
unknownDevices: reject
displayNames: credential
checking: {oddLength: hold}
study: {quiet: 1s}
devices:
${DEVICES.map(([name, aet, kind, room]) => `  - {name: ${name}, aeTitle: ${aet}, kind: ${kind}, room: ${room}}`).join('\n')}
folders:
  - {path: ${folder}/endo, name: endo, device: US2, still: 1s, as: document, withoutOrder: hold}
orders:
  - name: ris
    files: {folder: ${folder}/orders, every: 5s}
`

interface AgentPageOptions {
  readonly log?: Log
  readonly unknownDevices?: 'accept' | 'reject'
  readonly messages?: ClinicOptions['messages']
}

/** A clinic in this process with devices, a watched folder, orders and a PACS, and the page of its agent. */
export async function openAgentPage({
  log: written = silentLog,
  unknownDevices = 'reject',
  messages,
}: AgentPageOptions = {}): Promise<AgentPage> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const credentials = stack.use(tempFolder())
  writeFileSync(credentials.join('ferry-display-key'), randomBytes(32), { mode: 0o600 })
  const pacs = stack.use(await FakePacs.start())
  const file = folder.join('ferry.yaml')
  writeFileSync(file, configOf(folder.path))
  const loaded = loadAgentSettings(file, 'en')
  const log = new RecentLines(written, systemClock)
  const { dataFolder: _, recipients: _r, ...settings } = loaded
  const clinic = stack.use(
    await openClinic({
      log,
      pacs: pacs.options,
      credentialsFolder: credentials.path,
      settings: {
        ...settings,
        unknownDevices,
        listener: { ...loaded.listener, port: 0 },
        study: { quietMs: 300 },
      },
      ...(messages && { messages }),
      readSettings: () => loadAgentSettings(file, 'en'),
    }),
  )
  const parts = { clock: systemClock, log }
  const { service, port } = clinic.agent
  const desk = stack.use(new SetupDesk({ settings: clinic.settings, file, service, ...parts }))
  const imports = stack.use(new PageImports({ service, limits: clinic.settings.import, ...parts }))
  const where = { host: '127.0.0.1', port: 0, service, desk, imports, recent: () => log.lines, ...parts }
  const page = stack.use(await startStatusPage(where))
  const send = async ({
    device = 'CT1',
    images = 3,
    pixelBytes = 2000,
    ...texts
  }: SentStudy): Promise<string> => {
    const studyInstanceUid = newUid()
    const all = Array.from({ length: images }, () =>
      namedInstance({ ...texts, studyInstanceUid }, pixelBytes),
    )
    await sendInstances(port, all, device)
    return studyInstanceUid
  }
  const all = stack.move()
  return { clinic, page, file, send, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
