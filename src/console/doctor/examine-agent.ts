import { existsSync } from 'node:fs'
import type { CenterAccount } from '../../agent/send/center-account.ts'
import { type AgentSettings, checkAgentSettings } from '../../config/agent-settings.ts'
import { dataFolderIn } from '../../config/data-folder-in.ts'
import { Failure } from '../../platform/failure.ts'
import { runTool } from '../../platform/host/run-tool.ts'
import { readSystemdUnit } from '../../platform/host/systemd-unit.ts'
import { type AgentStatus, CONTROL_PATHS, statusSchema } from '../../protocol/control-api.ts'
import { actAsOwner } from '../session/act-as-owner.ts'
import { AGENT_FILE } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { assessHealth } from '../views/health.ts'
import { configFileOf, configReadableByService, examineConfig } from './checks/config-checks.ts'
import { examineDevices, examineOwnEcho } from './checks/device-checks.ts'
import { type DoctorFinding, Exam } from './checks/exam.ts'
import {
  examineDataFolder,
  examineLock,
  examineOwners,
  examineUser,
  serviceUser,
} from './checks/folder-checks.ts'
import { examineIdentity } from './checks/identity-checks.ts'
import { examineCenter, examineWay } from './checks/line-checks.ts'
import {
  examineLog,
  examineMemory,
  examineProxy,
  examineRuntime,
  examineService,
} from './checks/machine-checks.ts'
import { type Door, type DoorOwner, examineDoor, examineFirewall } from './checks/port-checks.ts'
import { diskOf, examineDisk, examineQueue } from './checks/queue-checks.ts'

interface DoctorOptions {
  readonly config: string | undefined
  /** Also sends C-ECHO to every listed device with an address. */
  readonly isEchoWanted: boolean
}

/** Examines the agent, whether it runs or not. Root looks at the machine first, and then acts as the owner of the data. */
export async function examineAgent(session: Session, options: DoctorOptions): Promise<DoctorFinding[]> {
  const exam = new Exam('ferry', session, runTool, await readSystemdUnit('ferry.service', runTool))
  const file = configFileOf(exam, options.config, AGENT_FILE)
  const machine = [...examineRuntime(exam), ...examineMemory(exam)]
  if (typeof file !== 'string') return [...machine, file, ...(await examineService(exam, false))]
  const { findings, settings } = examineConfig(exam, file, checkAgentSettings)
  if (settings === undefined)
    return [...machine, ...findings, ...(await withoutSettings(exam, file, options))]
  return [...machine, ...findings, ...(await withSettings(exam, file, settings, options))]
}

/** A running agent still has the settings with which it was started. */
async function withoutSettings(
  exam: Exam,
  file: string,
  { config }: DoctorOptions,
): Promise<DoctorFinding[]> {
  const dataFolder = folderIn(file)
  if (dataFolder === undefined) return examineService(exam, false)
  const owners = [...examineUser(exam, dataFolder), ...examineOwners(exam, dataFolder)]
  actAsOwner(exam.session, config, AGENT_FILE)
  const { status } = await askStatus(exam, dataFolder)
  return [...owners, ...(await examineService(exam, status !== undefined)), exam.note('rest', 'notExamined')]
}

function folderIn(file: string): string | undefined {
  try {
    return dataFolderIn(file)
  } catch {
    return undefined
  }
}

async function withSettings(
  exam: Exam,
  file: string,
  settings: AgentSettings,
  { config, isEchoWanted }: DoctorOptions,
): Promise<DoctorFinding[]> {
  const { dataFolder } = settings
  const doors = doorsOf(settings)
  const findings = [...examineUser(exam, dataFolder)]
  if (existsSync(dataFolder)) findings.push(...examineOwners(exam, dataFolder))
  const firewall = await examineFirewall(exam, doors)
  const holdersSeenByRoot = await doorFindings(exam, doors, dataFolder)
  actAsOwner(exam.session, config, AGENT_FILE)
  findings.push(...configReadableByService(exam, file, serviceUser(exam, dataFolder)?.name ?? ''))
  const { status, failure } = await askStatus(exam, dataFolder)
  findings.push(...(await examineService(exam, status !== undefined)), ...holdersSeenByRoot, ...firewall)
  findings.push(...examineLog(exam, settings.log, isServiceUser(exam, dataFolder)))
  const folder = examineDataFolder(exam, dataFolder)
  findings.push(...folder.findings)
  const { findings: identity, account } = await examineIdentity(exam, dataFolder, file)
  if (folder.isUsable || !existsSync(dataFolder)) findings.push(...identity)
  if (folder.isUsable) findings.push(...(await examineContents(exam, settings, status, failure)))
  if (account !== undefined) findings.push(...(await examineLine(exam, account)))
  findings.push(...(await examineArrival(exam, settings)))
  findings.push(...(await examineDevices(exam, settings, isEchoWanted)))
  return withoutRepeats(findings)
}

async function doorFindings(
  exam: Exam,
  doors: readonly Door[],
  dataFolder: string,
): Promise<DoctorFinding[]> {
  const { status, failure } = await askStatus(exam, dataFolder)
  const isPageClosed = status?.alarms.some(({ code }) => code === 'PAGE_CLOSED') === true
  const isHl7Closed = status?.alarms.some(({ code }) => code === 'PORT_IN_USE') === true
  const ownerOf = ({ check }: Door): DoorOwner => {
    if (status === undefined) return failure?.code === 'ACCESS_DENIED' ? 'unseen' : 'absent'
    const isClosed = (check === 'pagePort' && isPageClosed) || (check === 'hl7Port' && isHl7Closed)
    return isClosed ? 'absent' : 'answers'
  }
  return Promise.all(doors.map((door) => examineDoor(exam, door, ownerOf(door))))
}

async function examineContents(
  exam: Exam,
  settings: AgentSettings,
  status: AgentStatus | undefined,
  failure: Failure | undefined,
): Promise<DoctorFinding[]> {
  const { dataFolder, limits, retention } = settings
  const lock = examineLock(exam, dataFolder, status !== undefined)
  const { findings, inspection } = examineQueue(exam, dataFolder, lock.isLocked)
  const disk = status ?? diskOf(dataFolder, limits.reserveBytes, retention.atLeastMs, inspection)
  return [
    ...lock.findings,
    ...runningFindings(exam, status, failure, lock.isLocked),
    ...(status === undefined ? [] : await examineOwnEcho(exam, settings)),
    ...examineDisk(exam, disk),
    ...findings,
  ]
}

function runningFindings(
  exam: Exam,
  status: AgentStatus | undefined,
  failure: Failure | undefined,
  isLocked: boolean,
): DoctorFinding[] {
  if (status !== undefined) return statusFindings(exam, status)
  if (isLocked || failure === undefined) return []
  return [exam.failed('running', failure, 'NOT_RUNNING', 'asking the agent')]
}

/** Findings about the disk, the clock and the line come from checks of their own. */
function statusFindings(exam: Exam, status: AgentStatus): DoctorFinding[] {
  const { say, language, causes } = exam.session
  const own: AgentStatus = { ...status, clockOffsetMs: null }
  const notes = assessHealth(own, say, language, causes)
    .filter(({ code }) => !OWN_CHECKS.has(code))
    .map((note) => exam.status('running', note))
  return notes.length > 0 ? notes : [exam.good('running', 'running', { version: status.version })]
}

const OWN_CHECKS = new Set(['NOT_ENROLLED', 'STORAGE_FULL', 'STORAGE_LOW', 'MAKING_ROOM'])

async function examineLine(exam: Exam, account: CenterAccount): Promise<DoctorFinding[]> {
  const { url } = account.address()
  const { findings, isReached } = await examineWay(exam, url, { name: 'centerName', tcp: 'centerTcp' })
  const proxy = examineProxy(exam, url)
  return [...proxy, ...findings, ...(isReached ? await examineCenter(exam, account) : [])]
}

/** Another user than that of the service has other rights: what it may read says nothing. */
async function examineArrival(exam: Exam, settings: AgentSettings): Promise<DoctorFinding[]> {
  const { folders, orders, dataFolder } = settings
  if (folders.length + orders.length === 0) return []
  if (existsSync(dataFolder) && process.getuid !== undefined && !isServiceUser(exam, dataFolder))
    return [
      ...(folders.length > 0 ? [exam.note('folders', 'arrivalUnseen', { program: exam.program })] : []),
      ...(orders.length > 0 ? [exam.note('orders', 'arrivalUnseen', { program: exam.program })] : []),
    ]
  // Most agents have neither, and their doctor does not load this.
  const [{ examineWatchedFolders }, { examineOrderSources }] = await Promise.all([
    import('./checks/watched-folder-checks.ts'),
    import('./checks/order-checks.ts'),
  ])
  return [...examineWatchedFolders(exam, settings), ...(await examineOrderSources(exam, settings))]
}

async function askStatus(
  exam: Exam,
  dataFolder: string,
): Promise<{ status: AgentStatus | undefined; failure: Failure | undefined }> {
  try {
    const { value } = await new ControlClient(dataFolder).call(statusSchema, 'GET', CONTROL_PATHS.status)
    return { status: value, failure: undefined }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { status: undefined, failure: error }
  }
}

function doorsOf({ listener, statusPage, orders }: AgentSettings): Door[] {
  const { host, port, plain, tls } = listener
  return [
    ...(plain === false ? [] : [{ check: 'dicomPort', host, port, isForOthers: true } as const]),
    ...(tls === undefined
      ? []
      : [{ check: 'dicomTlsPort', host, port: tls.port, isForOthers: true } as const]),
    ...orders.flatMap((source) =>
      source.kind === 'hl7'
        ? [{ check: 'hl7Port', host: source.hl7.host, port: source.hl7.port, isForOthers: true } as const]
        : [],
    ),
    ...(statusPage === undefined ? [] : [{ check: 'pagePort', ...statusPage, isForOthers: false } as const]),
  ]
}

function isServiceUser(exam: Exam, dataFolder: string): boolean {
  try {
    return serviceUser(exam, dataFolder)?.uid === process.getuid?.()
  } catch {
    return false
  }
}

/** One fault may be found on two ways, such as a clone by the agent and by the question to the center. */
function withoutRepeats(findings: readonly DoctorFinding[]): DoctorFinding[] {
  const seen = new Set<string>()
  return findings.filter(({ code }) => {
    if (code === null || !ONE_EACH.has(code)) return true
    const isNew = !seen.has(code)
    seen.add(code)
    return isNew
  })
}

const ONE_EACH = new Set([
  'AGENT_CLONED',
  'AGENT_REVOKED',
  'AGENT_UNKNOWN',
  'CENTER_IDENTITY',
  'CENTER_NOT_TLS',
  'CENTER_UNREACHABLE',
])
