import type { CenterObservation } from '../../center/operate/observe-center.ts'
import type { OperatorDesk } from '../../center/operate/operator.ts'
import type { Role } from '../../protocol/page/center-page-api.ts'
import { causesIn, withCause } from '../language/cause-text.ts'
import { type Language, PHRASES, speak } from '../language/language.ts'
import { centerFindings } from '../views/center-findings.ts'
import { CENTER_OUTLOOKS } from '../views/status-sentences.ts'
import { headlineOf } from '../views/status-view.ts'
import type {
  CenterAccounts,
  CenterHeld,
  CenterOverview,
  CenterStudies,
  PacsStateOfStudy,
} from './center-answers.ts'

/** The sources of the page: the same as those of the commands. */
export interface PageFacts {
  readonly observe: () => Promise<CenterObservation>
  /** Opens the operator's desk for one request; `user`: the person, for the audit trail. */
  readonly openDesk: (user?: string) => Promise<OperatorDesk>
  readonly reserveBytes: number
  readonly version: string
}

const SHOWN_PHRASES = /^(?:center|page|unit|time|state|role)\./
const DAYS = 7
const MOST_STUDIES = 200
const MOST_HELD = 500

/** The phrases of the page in one language. */
export function phrases(language: Language): object {
  const shown = Object.entries(PHRASES[language]).filter(([name]) => SHOWN_PHRASES.test(name))
  return { language, phrases: Object.fromEntries(shown) }
}

/** Everything that the first screen shows: the headline, and a tile for each agent. */
export async function overview(
  { observe, openDesk, reserveBytes, version }: PageFacts,
  language: Language,
): Promise<CenterOverview> {
  const say = speak(language)
  const seen = await observe()
  const findings = centerFindings(seen.conditions, say, language, causesIn(language))
  const { level, headline, findings: shown } = headlineOf(findings, seen.now, say, CENTER_OUTLOOKS)
  using desk = await openDesk()
  const heartbeats = new Map((await desk.heartbeats()).map((one) => [one.agent, one]))
  const tiles = seen.agents.map((agent) => {
    const { kid, name, state, lastSeenAt } = agent
    const conditions = seen.conditions.flatMap((condition, i) =>
      isAbout(condition.subject, name) ? [{ ...condition, what: findings[i]?.what ?? condition.code }] : [],
    )
    return {
      fingerprint: kid,
      name,
      state,
      lastSeenAt,
      conditions,
      heartbeat: heartbeats.get(kid) ?? null,
    }
  })
  const { now, disks, figures } = seen
  return { now, version, level, headline, findings: shown, disks, reserveBytes, figures, tiles }
}

/** The subject is an agent's name, alone or with a device or problem behind a slash. */
function isAbout(subject: string | null, name: string): boolean {
  return subject !== null && (subject === name || subject.startsWith(`${name}/`))
}

export async function studies(
  { openDesk }: PageFacts,
  query: URLSearchParams,
  language: Language,
): Promise<CenterStudies> {
  const causes = causesIn(language)
  using desk = await openDesk()
  const days = Math.min(36_500, Math.max(1, Number(query.get('days') ?? DAYS) || DAYS))
  const agent = query.get('agent') ?? ''
  const uid = query.get('uid')?.trim() ?? ''
  const state = query.get('pacs') ?? ''
  const found = await desk.studies(days, MOST_STUDIES)
  const wanted = found.filter(
    (study) =>
      study.agents.includes(agent) &&
      study.studyInstanceUid.includes(uid) &&
      (state === '' || pacsStateOf(study) === state),
  )
  return {
    days,
    isCut: found.length === MOST_STUDIES,
    studies: wanted.map((study) => ({
      ...study,
      pacsState: pacsStateOf(study),
      reasonText: causes(study.pacsReason ?? ''),
    })),
  }
}

type Study = Awaited<ReturnType<OperatorDesk['studies']>>[number]

/** The state that needs a person most, then the slowest. */
function pacsStateOf(study: Study): PacsStateOfStudy {
  if (study.pacsRefused > 0) return 'refused'
  if (study.pacsHeld > 0) return 'held'
  if (study.pacsWaiting > 0) return 'waiting'
  if (study.pacsUnverified > 0) return 'unverified'
  if (study.pacsAcceptedAt === null) return 'none'
  return study.pacsAccepted === study.instances ? 'accepted' : 'partial'
}

export async function held(
  { openDesk }: PageFacts,
  query: URLSearchParams,
  language: Language,
): Promise<CenterHeld> {
  using desk = await openDesk()
  const found = await desk.held(query.get('released') === '1' ? 'released' : 'waiting', MOST_HELD)
  const [say, causes] = [speak(language), causesIn(language)]
  return {
    held: found.map((one) => ({
      ...one,
      reasonText: withCause(say(`hold.${one.hold}`), causes(one.reason), language),
    })),
  }
}

export async function accounts({ openDesk }: PageFacts): Promise<CenterAccounts> {
  using desk = await openDesk()
  const all = await desk.accounts.list()
  return {
    accounts: all.map(({ name, role, signedInAt }) => ({ name, role, signedInAt })),
  }
}

/** One thing that a person may do on the page. */
interface PageAction {
  readonly role: Role
  readonly run: (desk: OperatorDesk, subject: string, by: string) => Promise<object>
}

/** `subject`: a fingerprint, or the UID of a study; '' = all, where that is allowed. */
export const PAGE_ACTIONS: Readonly<Record<string, PageAction>> = {
  approve: { role: 'admin', run: async (desk, subject) => nameOf(await desk.approve(subject)) },
  revoke: { role: 'admin', run: async (desk, subject) => nameOf(await desk.revoke(subject)) },
  unrevoke: { role: 'admin', run: async (desk, subject) => nameOf(await desk.unrevoke(subject)) },
  release: {
    role: 'operator',
    run: async (desk, studyInstanceUid, by) => ({ released: await desk.release({ studyInstanceUid }, by) }),
  },
  retry: {
    role: 'operator',
    run: async (desk, studyInstanceUid) => ({
      retried: await desk.retryPacs(studyInstanceUid === '' ? undefined : studyInstanceUid),
    }),
  },
}

const nameOf = ({ name }: { readonly name: string }): object => ({ name })
