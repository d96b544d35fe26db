import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { readIdentity } from '../../center/keys/center-identity.ts'
import { checkCenterFolder, checkCenterIdentity } from '../../center/keys/check-center-folder.ts'
import { observeCenter } from '../../center/operate/observe-center.ts'
import { type CenterSettings, checkCenterSettings } from '../../config/center-settings.ts'
import { runTool } from '../../platform/host/run-tool.ts'
import { readSystemdUnit } from '../../platform/host/systemd-unit.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { actAsOwner } from '../session/act-as-owner.ts'
import { CENTER_FILE } from '../session/config-file.ts'
import type { Session } from '../session/session.ts'
import { centerFindings } from '../views/center-findings.ts'
import { configFileOf, configReadableByService, examineConfig } from './checks/config-checks.ts'
import { type DoctorFinding, Exam } from './checks/exam.ts'
import {
  examineDataFolder,
  examineLock,
  examineOwners,
  examineUser,
  serviceUser,
} from './checks/folder-checks.ts'
import { examineWay } from './checks/line-checks.ts'
import {
  examineLog,
  examineMemory,
  examineProxy,
  examineRuntime,
  examineService,
} from './checks/machine-checks.ts'
import { type Door, type DoorOwner, examineDoor, examineFirewall } from './checks/port-checks.ts'

const DAY_MS = 24 * 3600 * 1000
/** A certificate of one's own is renewed by a person. */
const EXPIRES_SOON_MS = 14 * DAY_MS
const HANDSHAKE_MS = 10_000

/** Examines the center, whether it runs or not. */
export async function examineCenterProgram(
  session: Session,
  config: string | undefined,
): Promise<DoctorFinding[]> {
  const unit = await readSystemdUnit('ferry-center.service', runTool)
  const exam = new Exam('ferry-center', session, runTool, unit)
  const machine = [...examineRuntime(exam), ...examineMemory(exam)]
  const file = configFileOf(exam, config, CENTER_FILE)
  if (typeof file !== 'string') return [...machine, file]
  const { findings, settings } = examineConfig(exam, file, checkCenterSettings)
  const rest =
    settings === undefined
      ? [exam.note('rest', 'notExamined')]
      : await withSettings(exam, file, settings, config)
  return [...machine, ...findings, ...rest]
}

async function withSettings(
  exam: Exam,
  file: string,
  settings: CenterSettings,
  config: string | undefined,
): Promise<DoctorFinding[]> {
  const { dataFolder, listen, log } = settings
  const findings = [...examineUser(exam, dataFolder)]
  if (existsSync(dataFolder)) findings.push(...examineOwners(exam, dataFolder))
  const door: Door = { check: 'httpsPort', ...listen, isForOthers: true }
  const firewall = await examineFirewall(exam, [door])
  const answers = await shownCertificate(listen.host, listen.port)
  const folder = examineDataFolder(exam, dataFolder)
  const lock = folder.isUsable
    ? examineLock(exam, dataFolder, answers !== undefined)
    : { findings: [], isLocked: false }
  const port = await examineDoor(exam, door, ownerOf(folder.isUsable, lock.isLocked && answers !== undefined))
  actAsOwner(exam.session, config, CENTER_FILE)
  const user = folder.isUsable ? serviceUser(exam, dataFolder) : undefined
  findings.push(...configReadableByService(exam, file, user?.name ?? ''))
  findings.push(...(await examineService(exam, lock.isLocked)), port, ...firewall)
  findings.push(
    ...examineLog(exam, log, user?.uid === process.getuid?.()),
    ...folder.findings,
    ...lock.findings,
  )
  if (folder.isUsable || !existsSync(dataFolder)) {
    findings.push(...(await examineKeys(exam, file, settings, answers)))
  }
  if (folder.isUsable) findings.push(...(await examineState(exam, file, settings)))
  findings.push(...(await examineAddresses(exam, settings, lock.isLocked)))
  return findings
}

/** A data folder that this user may not look into may be that of a running center. */
function ownerOf(isSeen: boolean, answers: boolean): DoorOwner {
  if (answers) return 'answers'
  return isSeen ? 'absent' : 'unseen'
}

/** Keys and certificate; and the certificate that the port shows is the one of these keys. */
async function examineKeys(
  exam: Exam,
  configFile: string,
  { dataFolder, tls }: CenterSettings,
  shown: X509Certificate | undefined,
): Promise<DoctorFinding[]> {
  try {
    await checkCenterFolder(dataFolder, configFile)
    const identity = await readIdentity(dataFolder, exam.session.clock.now(), tls)
    checkCenterIdentity(dataFolder, identity.keys.root.kid, configFile)
    const good = exam.good('keys', 'keys', { fingerprint: shortFingerprint(identity.keys.root.kid) })
    return [good, ...examineCertificate(exam, new X509Certificate(identity.tls.certificate), shown)]
  } catch (error) {
    return [exam.failed('keys', error, 'KEY_FILE_INVALID', `looking at the keys in ${dataFolder}`)]
  }
}

function examineCertificate(
  exam: Exam,
  own: X509Certificate,
  shown: X509Certificate | undefined,
): DoctorFinding[] {
  const until = own.validToDate.toISOString().slice(0, 10)
  const leftMs = own.validToDate.getTime() - exam.session.clock.now()
  if (shown !== undefined && shown.fingerprint256 !== own.fingerprint256)
    return [exam.bad('certificate', 'otherCertificate')]
  if (leftMs < EXPIRES_SOON_MS) return [exam.bad('certificate', 'certificateEnds', { until })]
  return [exam.good('certificate', 'certificate', { until })]
}

/** The conditions of `ferry-center status`. */
async function examineState(
  exam: Exam,
  configFile: string,
  { dataFolder: folder, publicUrl, tls, limits, alarms }: CenterSettings,
): Promise<DoctorFinding[]> {
  const { clock, say, language, causes } = exam.session
  try {
    const options = { folder, configFile, publicUrl, ...(tls && { tls }), clock, limits, alarms }
    const { conditions, figures } = await observeCenter(options)
    const notes = centerFindings(conditions, say, language, causes).map((note) =>
      exam.status('running', note),
    )
    const instances = figures?.instances ?? 0
    return notes.length > 0 ? notes : [exam.good('running', 'center', { instances })]
  } catch (error) {
    return [exam.failed('running', error, 'STORAGE_ERROR', `looking at ${folder}`)]
  }
}

/** The address in join codes, and the PACS. */
async function examineAddresses(
  exam: Exam,
  { publicUrl, pacs }: CenterSettings,
  isRunning: boolean,
): Promise<DoctorFinding[]> {
  const own = await examineWay(exam, publicUrl, { name: 'publicName', tcp: 'publicTcp' })
  const findings = own.findings.flatMap((finding) => {
    if (finding.check !== 'publicTcp' || finding.level !== 'bad') return [finding]
    // A center behind a router often cannot reach its own public address.
    return isRunning ? [exam.note('publicTcp', 'publicUnseen', { url: publicUrl })] : []
  })
  if (pacs === undefined) return findings
  const way = await examineWay(exam, pacs.url, { name: 'pacsName', tcp: 'pacsTcp' })
  return [...findings, ...examineProxy(exam, pacs.url), ...way.findings]
}

/** The certificate that a port shows; undefined if nothing there speaks TLS. */
async function shownCertificate(host: string, port: number): Promise<X509Certificate | undefined> {
  const { promise, resolve } = Promise.withResolvers<X509Certificate | undefined>()
  const at = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const socket = connectTls({ host: at, port, rejectUnauthorized: false, timeout: HANDSHAKE_MS }, () =>
    resolve(socket.getPeerX509Certificate()),
  )
  socket.once('timeout', () => resolve(undefined))
  socket.once('error', () => resolve(undefined))
  const certificate = await promise
  socket.destroy()
  return certificate
}
