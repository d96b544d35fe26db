import type { ConditionCode } from '../../center/operate/condition.ts'
import type { FailureCode } from '../../platform/failure.ts'
import type { Phrase } from '../language/en/phrases-en.ts'
import type { HealthNote } from './health.ts'

/**
 * Every sentence of the status that is true in some states only, with its condition: the headline, and the "next" line of
 * a finding. A state in which no sentence of a finding holds has no "next" line. `test/console/status-truth.test.ts` walks
 * through states and compares each sentence with an oracle of its own: a new sentence needs an entry there.
 */
interface Sentence {
  readonly phrase: Phrase
  readonly holds: (finding: HealthNote, all: readonly HealthNote[]) => boolean
}

export type Level = 'act' | 'decide' | 'coping' | 'well'

interface HeadlineSentence {
  readonly level: Level
  readonly phrase: Phrase
  readonly holds: (all: readonly HealthNote[]) => boolean
}

/** The first that holds is shown. */
export const HEADLINES: readonly HeadlineSentence[] = [
  { level: 'act', phrase: 'health.act', holds: some(({ severity }) => severity === 'act') },
  { level: 'decide', phrase: 'health.decide', holds: some(({ severity }) => severity === 'decide') },
  { level: 'coping', phrase: 'health.retrying', holds: (all) => all.length > 0 && all.every(isRetried) },
  { level: 'coping', phrase: 'health.coping', holds: (all) => all.length > 0 },
]

const WELL: HeadlineSentence = { level: 'well', phrase: 'health.well', holds: (all) => all.length === 0 }

const DISK_TRIED: readonly Sentence[] = [
  { phrase: 'next.roomAndDisk', holds: among('STORAGE_FULL') },
  { phrase: 'next.diskTried', holds: always },
]

/** Codes of findings other than failure codes. */
type OwnFindingCode =
  | 'HELD'
  | 'STORAGE_LOW'
  | 'MAKING_ROOM'
  | 'DEVICE_REJECTED'
  | 'DEVICE_SILENT'
  | 'LATE'
  | 'CLOCK'

/** The first sentence that holds is the "next" line of a finding of the agent with this code. */
export const AGENT_OUTLOOKS: Readonly<Partial<Record<FailureCode | OwnFindingCode, readonly Sentence[]>>> = {
  NOT_ENROLLED: [{ phrase: 'next.untilJoined', holds: always }],
  HELD: [
    { phrase: 'next.goodOnesKept', holds: among('SPOOL_FILE_MISSING', 'SPOOL_FILE_DAMAGED', 'CENTER_LOST') },
    { phrase: 'next.kept', holds: always },
  ],
  OTHER_CENTER: [{ phrase: 'next.kept', holds: always }],
  AGE_NO_KEY: [{ phrase: 'next.kept', holds: always }],
  SPOOL_FILE_INVALID: [{ phrase: 'next.kept', holds: always }],
  SPOOL_FILE_MISSING: [{ phrase: 'next.notSendable', holds: always }],
  SPOOL_FILE_DAMAGED: [{ phrase: 'next.notSendable', holds: always }],
  CENTER_LOST: [{ phrase: 'next.noCopy', holds: always }],
  CENTER_BEHIND: [
    { phrase: 'next.sentWhenReached', holds: isCutOff },
    { phrase: 'next.sendingAgain', holds: always },
  ],
  STORAGE_FULL: [
    { phrase: 'next.roomAndDisk', holds: among('STORAGE_ERROR', 'DATABASE_ERROR') },
    { phrase: 'next.whenRoom', holds: always },
  ],
  STORAGE_ERROR: DISK_TRIED,
  DATABASE_ERROR: DISK_TRIED,
  STORAGE_LOW: [
    {
      phrase: 'next.stillLetIn',
      holds: not(among('STORAGE_ERROR', 'DATABASE_ERROR', 'STORAGE_FULL', 'NOT_ENROLLED')),
    },
  ],
  MAKING_ROOM: [{ phrase: 'next.makingRoom', holds: always }],
  INDEX_REBUILT: [{ phrase: 'next.untilRetry', holds: always }],
  DEID_WITHHELD: [{ phrase: 'next.untilRetry', holds: always }],
  STUDY_INCOMPLETE: [{ phrase: 'next.untilComplete', holds: always }],
  COMMITMENT_UNREPORTED: [{ phrase: 'next.reportTried', holds: always }],
  ORDERS_UNREACHABLE: [{ phrase: 'next.ordersAsked', holds: always }],
  RECEIPT_MISMATCH: [{ phrase: 'next.receiptAsked', holds: always }],
  AGENT_CLONED: [{ phrase: 'next.bothServed', holds: always }],
  LATE: [{ phrase: 'next.untilConfirmed', holds: always }],
}

/** While one of these conditions holds at the center, agents cannot send to it. */
const STOP_AGENTS = ['NOT_RUNNING', 'STORAGE_FULL', 'STORE_MISSING', 'REGISTER_UNREADABLE']

/** The same for the center. */
export const CENTER_OUTLOOKS: Readonly<Record<ConditionCode, readonly Sentence[]>> = {
  NOT_RUNNING: agentsWait('next.agentsWait'),
  REGISTER_UNREADABLE: [],
  STORAGE_FULL: agentsWait('next.agentsWaitForRoom'),
  STORAGE_LOW: [{ phrase: 'next.stillReceiving', holds: not(among(...STOP_AGENTS)) }],
  STORE_MISSING: agentsWait('next.agentsWaitForStore'),
  INSTANCES_LOST: [{ phrase: 'next.lostSentAgain', holds: always }],
  BALLAST_GONE: [],
  PACS_REFUSED: [{ phrase: 'next.pacsRetry', holds: always }],
  PACS_UNVERIFIED: [],
  INSTANCES_HELD: [{ phrase: 'next.untilReleased', holds: always }],
  PACS_UNREACHABLE: [],
  PACS_ADDRESS: [{ phrase: 'next.pacsAskedAgain', holds: always }],
  PACS_DENIES_US: [{ phrase: 'next.pacsAskedAgain', holds: always }],
  KEYS_REFUSED: [],
  AGENT_PENDING: [{ phrase: 'next.untilApproved', holds: always }],
  AGENT_CLONED: [{ phrase: 'next.bothServed', holds: always }],
  AGENT_SILENT: [{ phrase: 'next.untilHeard', holds: always }],
  CONFLICTS: [{ phrase: 'next.untilReleased', holds: always }],
  MESSAGES_UNSENT: [],
  AGENT_STUCK: [],
  AGENT_STORAGE_FULL: [],
  AGENT_STORAGE_LOW: [],
  AGENT_REPORTS: [],
  DEVICE_SILENT: [],
  CLOCK_OFF: [],
  CENTER_CLOCK_OFF: [],
}

export function headlineFor(all: readonly HealthNote[]): HeadlineSentence {
  return HEADLINES.find(({ holds }) => holds(all)) ?? WELL
}

export type Outlooks = Readonly<Partial<Record<string, readonly Sentence[]>>>

/** The "next" line of a finding without a next attempt; undefined if the table has none that holds. */
export function outlookFor(
  finding: HealthNote,
  all: readonly HealthNote[],
  outlooks: Outlooks,
): Phrase | undefined {
  const sentences = Object.hasOwn(outlooks, finding.code) ? outlooks[finding.code] : undefined
  return sentences?.find(({ holds }) => holds(finding, all))?.phrase
}

function always(): boolean {
  return true
}

/** Sending to the center fails now, and is tried again at a time that is known. */
function isRetried({ next, request }: HealthNote): boolean {
  return next !== null && (request === undefined || request === 'pack')
}

/** `alone` promises that agents send again when this one thing is mended. */
function agentsWait(alone: Phrase): Sentence[] {
  return [
    { phrase: alone, holds: isOnlyObstacle },
    { phrase: 'next.agentsWaitForAll', holds: always },
  ]
}

function isOnlyObstacle({ code }: HealthNote, all: readonly HealthNote[]): boolean {
  return all.every((other) => other.code === code || !STOP_AGENTS.includes(other.code))
}

function isCutOff(_: HealthNote, all: readonly HealthNote[]): boolean {
  return all.some(isRetried)
}

function some(is: (finding: HealthNote) => boolean): HeadlineSentence['holds'] {
  return (all) => all.some(is)
}

function among(...codes: readonly string[]): Sentence['holds'] {
  return (_, all) => all.some(({ code }) => codes.includes(code))
}

function not(holds: Sentence['holds']): Sentence['holds'] {
  return (finding, all) => !holds(finding, all)
}
