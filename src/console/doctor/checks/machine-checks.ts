import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LogSettings } from '../../../config/log-settings.ts'
import { readWindowsService } from '../../../platform/host/windows-service.ts'
import { sqliteDriver } from '../../../platform/sqlite-driver/sqlite-driver.ts'
import { logFolder } from '../../logs/log-place.ts'
import { AGENT_FILE, pathsOfSystem } from '../../session/config-file.ts'
import type { DoctorFinding, Exam } from './exam.ts'

/** The oldest Node that runs Ferry (package.json, `engines`). */
const NODE: readonly [number, number] = [24, 12]

/** The runtime that this command runs on; a package has its own. */
export function examineRuntime(exam: Exam, node: string = process.versions.node): DoctorFinding[] {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const isOld = major < NODE[0] || (major === NODE[0] && minor < NODE[1])
  if (isOld) return [exam.bad('runtime', 'nodeOld', { node, needed: NODE.join('.') })]
  return [exam.good('runtime', 'runtime', { node, glibc: glibcVersion(), sqlite: sqliteDriver().name })]
}

/** Returns the version that this process uses; `-` without glibc. */
function glibcVersion(): string {
  const text = JSON.stringify(Reflect.get(process.report.getReport(), 'header'))
  return /"glibcVersionRuntime":"([^"]+)"/.exec(text)?.[1] ?? '-'
}

/** The Windows service by its key in the service manager. */
const WINDOWS_SERVICES = { ferry: 'Ferry', 'ferry-center': 'FerryCenter' } as const

async function examineWindowsService(exam: Exam, isRunning: boolean): Promise<DoctorFinding[]> {
  const name = WINDOWS_SERVICES[exam.program]
  const service = await readWindowsService(name, exam.run)
  if (service === undefined) return [exam.note('service', 'serviceUnseen')]
  if (service === 'absent')
    return [
      isRunning
        ? exam.note('service', 'byHand', { unit: name })
        : exam.bad('service', 'windowsServiceAbsent'),
    ]
  if (service.isDisabled) return [exam.bad('service', 'windowsServiceDisabled', { name })]
  if (service.state === 'stopped') return [exam.bad('service', 'windowsServiceStopped', { name })]
  if (!service.isAutomatic) return [exam.bad('service', 'windowsServiceManual', { name })]
  return [exam.good('service', 'windowsService', { name })]
}

/** The service is known, starts with the machine, and did not end by a fault. */
export async function examineService(exam: Exam, isRunning: boolean): Promise<DoctorFinding[]> {
  if (process.platform === 'win32') return examineWindowsService(exam, isRunning)
  const { unit, unitName } = exam
  if (unit === undefined) return [exam.note('service', 'noSystemd')]
  const { load, active, enabled, result, exitStatus, restarts } = unit
  if (load === 'not-found')
    return [
      isRunning ? exam.note('service', 'byHand', { unit: unitName }) : exam.bad('service', 'serviceUnknown'),
    ]
  if (load === 'masked' || enabled === 'masked') return [exam.bad('service', 'serviceMasked')]
  if (load !== 'loaded') return [exam.bad('service', 'serviceBroken', { load })]
  const end = { result, exitStatus, restarts }
  if (active === 'failed' || (active === 'activating' && result !== 'success'))
    return [exam.bad('service', 'serviceFailed', end)]
  const findings: DoctorFinding[] = []
  if (active !== 'active' && active !== 'activating')
    findings.push(exam.bad('service', 'serviceStopped', { active }))
  if (enabled === 'disabled') findings.push(exam.bad('service', 'serviceDisabled'))
  return findings.length > 0 ? findings : [exam.good('service', 'service', { unit: unitName, restarts })]
}

/** Images are in clear in memory while they pass. */
export function examineMemory(
  exam: Exam,
  swapsFile = '/proc/swaps',
  limitsFile = '/proc/self/limits',
): DoctorFinding[] {
  if (process.platform !== 'linux') return []
  const { unit } = exam
  const swaps = textOf(swapsFile)
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(/\s+/)[0] ?? [])
    .filter((name) => name !== '' && !name.includes('zram'))
  const isSwapOff = swaps.length === 0 || unit?.swapLimit === '0'
  const limit = unit?.load === 'loaded' ? unit.coreLimit : coreLimit(textOf(limitsFile))
  return [
    isSwapOff ? exam.good('swap', 'swap') : exam.note('swap', 'swapOn', { swaps: swaps.join(', ') }),
    limit === '0' ? exam.good('coreDumps', 'coreDumps') : exam.note('coreDumps', 'coreDumpsOn'),
  ]
}

/** proc_pid_limits(5): the soft limit is the first value. */
const coreLimit = (text: string): string => /^Max core file size\s+(\S+)/m.exec(text)?.[1] ?? '0'

/** Whether the log files can be written to; `isOwn`: this user is that of the service. */
export function examineLog(exam: Exam, { file }: LogSettings, isOwn: boolean): DoctorFinding[] {
  const folder = logFolder(file, serviceEnvironment(exam))
  if (folder === undefined) return [exam.good('log', 'logStream', { program: exam.program })]
  let there = folder
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  if (!statSync(there).isDirectory()) return [exam.bad('log', 'logNoFolder', { folder, there })]
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
    return [exam.good('log', 'logFolder', { folder })]
  } catch {
    return isOwn
      ? [exam.bad('log', 'logDenied', { folder, there })]
      : [exam.note('log', 'logUnseen', { folder })]
  }
}

/** On Windows this command does not see what the service sees: an installed one writes files, as no journal is there. */
function serviceEnvironment({ session }: Exam): Readonly<Record<string, string | undefined>> {
  const isService = process.platform === 'win32' && pathsOfSystem(AGENT_FILE).isInstalled
  return isService ? { FERRY_SERVICE: '1' } : session.terminal.environment
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy']

/** Ferry connects directly. A proxy in the environment shows that this network may demand one. */
export function examineProxy(exam: Exam, center: string): DoctorFinding[] {
  const { environment } = exam.session.terminal
  const set = PROXY_VARIABLES.filter((name) => (environment[name] ?? '') !== '')
  if (set.length === 0) return [exam.good('proxy', 'proxy')]
  return [exam.note('proxy', 'proxySet', { names: set.join(', '), center })]
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
