import { Failure } from '../../platform/failure.ts'
import type { StudyPageQuery } from '../../protocol/agent-views-api.ts'
import type { ControlService } from '../../protocol/control-service.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { findingsText, wordsOfFinding } from '../language/finding-words.ts'
import { PHRASES } from '../language/language.ts'
import { deviceProblemText } from '../views/device-problem-text.ts'
import { fileReason, folderText } from '../views/folder-text.ts'
import { assessHealth } from '../views/health.ts'
import { orderSourceText } from '../views/order-source-text.ts'
import { showDuration } from '../views/show-values.ts'
import { headlineOf } from '../views/status-view.ts'
import { studyName } from '../views/study-name.ts'
import { deliveryReason } from '../views/waiting-reason.ts'
import type { PageDeliveries, PageHeldList, PageLog, PageOrders } from './page-answers.ts'
import type { RecentLine } from './recent-lines.ts'
import type { SetupDesk } from './setup-desk.ts'
import { type PageWords, patientTexts, studyTexts } from './study-texts.ts'

const ROWS = 50
const HELD_ROWS = 200
const ORDER_ROWS = 200

/** Sources of the views. */
interface ViewSources {
  readonly service: ControlService
  readonly desk: SetupDesk | undefined
  readonly recent: (() => readonly RecentLine[]) | undefined
}

interface ViewRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly words: PageWords
  /** The browser has a session. */
  readonly mayAct: boolean
}

/** Views that hold no patient data, not even masked: they need no session. */
export function openView(sources: ViewSources, request: ViewRequest): Promise<object> | object | undefined {
  if (request.path === '/api/words') return phrases(request.words)
  if (request.path === '/api/status') return overview(sources, request)
  if (request.path === '/api/history') return sources.service.history()
  return undefined
}

/** Views for a browser with a session. Returns undefined for a path that none has. */
export async function sessionView(
  sources: ViewSources,
  { path, query, words }: ViewRequest,
): Promise<object | undefined> {
  const { service } = sources
  if (path === '/api/studies') return studies(service, query, words)
  if (path === '/api/queue') return queue(service, query, words)
  if (path === '/api/devices') return devices(sources, words)
  if (path === '/api/held') return held(service, words)
  if (path === '/api/orders') return orders(service, words)
  if (path === '/api/log') return log(sources)
  const [, uid = '', evidence] = /^\/api\/studies\/([^/]{1,400})(\/evidence)?$/.exec(path) ?? []
  if (uid === '') return undefined
  const studyInstanceUid = decodedUid(uid)
  return evidence === undefined
    ? study(service, studyInstanceUid, words)
    : evidenceOf(service, studyInstanceUid)
}

const SHOWN_PHRASES = /^(?:page|unit|time|state|step|device\.(?:known|pending|refused|ignored|unnamed)$)\b/

function phrases({ language }: PageWords): object {
  const shown = Object.entries(PHRASES[language]).filter(([name]) => SHOWN_PHRASES.test(name))
  return { language, phrases: Object.fromEntries(shown) }
}

async function overview({ service, desk }: ViewSources, { words, mayAct }: ViewRequest): Promise<object> {
  const { say, language, causes } = words
  const status = await service.status()
  const health = assessHealth(status, say, language, causes)
  const { level, headline, findings } = headlineOf(health, status.now, say)
  const uptime = showDuration(status.now - status.startedAt, say)
  return {
    level,
    headline,
    version: say('report.version', { version: status.version, uptime }),
    findings: findings.map((finding, i) => ({ ...finding, code: health[i]?.code ?? '' })),
    status,
    addresses: desk?.addresses ?? [],
    fingerprint: shortFingerprint(status.fingerprint),
    mayAct,
    hasSetup: desk !== undefined,
  }
}

async function studies(service: ControlService, query: URLSearchParams, words: PageWords): Promise<object> {
  const page = await service.studyPage(studyQuery(query))
  const { displayNames } = page
  const isShown = displayNames === 'credential' || displayNames === 'local-key'
  const now = Date.now()
  return {
    ...page,
    noNames: isShown ? '' : words.say(`names.${displayNames}`),
    studies: page.studies.map((one) => ({ ...one, texts: studyTexts(one, now, words) })),
  }
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/

function studyQuery(query: URLSearchParams): StudyPageQuery {
  const text = (name: string): string | undefined => query.get(name) || undefined
  const day = DAY.exec(query.get('day') ?? '')
  const [, year, month, date] = (day ?? []).map(Number)
  const midnight = (shift: number): number =>
    new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + shift).getTime()
  return {
    limit: ROWS,
    after: text('after'),
    state: text('state'),
    device: text('device'),
    patient: text('patient'),
    accession: text('accession'),
    ...(day !== null && { from: midnight(0), until: midnight(1) }),
  }
}

async function study(
  service: ControlService,
  studyInstanceUid: string,
  words: PageWords,
): Promise<object | undefined> {
  const [found, { center }] = [await service.study(studyInstanceUid), await service.status()]
  if (found === undefined) return undefined
  const { say, language, causes } = words
  const groups = new Map<string, { -readonly [Name in keyof PageDeliveries]: PageDeliveries[Name] }>()
  for (const delivery of found.deliveries) {
    const reason = deliveryReason(delivery, center.trouble, say, language, causes)
    const key = `${delivery.state} ${reason}`
    const group = groups.get(key) ?? { state: delivery.state, reason, instances: 0, bytes: 0 }
    group.instances++
    group.bytes += delivery.sealedBytes
    groups.set(key, group)
  }
  return {
    ...found,
    study: { ...found.study, texts: studyTexts(found.study, Date.now(), words) },
    deliveries: [...groups.values()],
    findings: found.findings.map(({ finding, instances }) => ({
      text: wordsOfFinding(finding, language).short,
      instances,
    })),
  }
}

/** The same file as `ferry study --evidence` writes. */
async function evidenceOf(service: ControlService, studyInstanceUid: string): Promise<object | undefined> {
  const found = await service.study(studyInstanceUid)
  if (found === undefined || found.evidence === null) return undefined
  const { version, parts } = found.evidence
  const signed = []
  for (const one of parts) signed.push(await service.evidence(studyInstanceUid, one.version, one.part))
  return {
    format: 'ferry-evidence/3',
    study: studyInstanceUid,
    version,
    parts: signed.filter((part) => part !== undefined),
  }
}

async function queue(service: ControlService, query: URLSearchParams, words: PageWords): Promise<object> {
  const { say, language, causes } = words
  const [page, { center }] = [
    await service.unconfirmedStudies(query.get('after') || undefined, ROWS),
    await service.status(),
  ]
  return {
    next: page.next,
    studies: page.studies.map((one) => ({
      ...one,
      texts: {
        name: studyName(one.studyInstanceUid, say),
        patient: patientTexts(one.display, say).patient,
        reason: deliveryReason(one, center.trouble, say, language, causes),
      },
    })),
  }
}

async function devices(
  { service, desk }: ViewSources,
  { say, language, causes }: PageWords,
): Promise<object> {
  const { devices: all } = await service.devices()
  const listed = desk?.listedDevices(language) ?? []
  return {
    devices: all.map((device) => {
      const { what: problem, todo } = deviceProblemText(device, say, language, causes)
      const hasAddress = listed.some(({ name, dicom }) => name === device.name && dicom !== undefined)
      return { ...device, texts: { problem, todo }, hasAddress }
    }),
  }
}

async function held(service: ControlService, words: PageWords): Promise<PageHeldList> {
  const { say, language, causes } = words
  const [status, { byCheck, others }] = [await service.status(), await service.heldInstances(HELD_ROWS)]
  return {
    held: status.deliveries.held,
    byCheck: byCheck.map((one) => ({
      ...one,
      reasonCode: 'CHECK_HELD',
      texts: {
        patient: patientTexts(one.display, say).patient,
        reason: findingsText(one.findings, language),
        findings: one.findings.map((finding) => wordsOfFinding(finding, language).short),
      },
    })),
    others: others.map((one) => ({
      ...one,
      texts: {
        patient: patientTexts(one.display, say).patient,
        reason: deliveryReason(one, status.center.trouble, say, language, causes),
        findings: [],
      },
    })),
  }
}

async function orders(service: ControlService, words: PageWords): Promise<PageOrders> {
  const view = await service.folders(ORDER_ROWS)
  const files = view.files.map((file) => ({ ...file, path: null }))
  return ordersView(service.orders.list(ORDER_ROWS), { ...view, files }, words)
}

/** The same with whole names and paths: only after it was recorded who asked. */
export async function wholeOrders(
  service: ControlService,
  { osUser, reason }: { readonly osUser: string; readonly reason: string },
  words: PageWords,
): Promise<PageOrders> {
  const whole = service.orders.names({ osUser, limit: ORDER_ROWS, reason })
  return ordersView(whole, await service.folders(ORDER_ROWS), words)
}

function ordersView(
  view: ReturnType<ControlService['orders']['list']>,
  { folders, files }: Awaited<ReturnType<ControlService['folders']>>,
  words: PageWords,
): PageOrders {
  const { say, language } = words
  const now = Date.now()
  return {
    ...view,
    sources: view.sources.map((source) => ({ ...source, text: orderSourceText(source, now, words) })),
    orders: view.orders.map((order) => ({ ...order, texts: patientTexts(order.display, say) })),
    folders: folders.map((folder) => ({ ...folder, text: folderText(folder, words) })),
    files: files.map((file) => ({ ...file, text: fileReason(file.reason, say, language) })),
  }
}

function log({ recent }: ViewSources): PageLog {
  const lines = (recent?.() ?? []).map(({ at, level, message, fields }) => {
    const shown = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
    )
    return { at, level, text: [message, ...shown].join('  ') }
  })
  return { lines }
}

function decodedUid(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Failure('PROTOCOL_VIOLATION', 'reading the name of a study: it is not well encoded')
  }
}
