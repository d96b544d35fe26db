/** Result, source and reason of an A-ASSOCIATE-RJ as transmitted (PS3.8 §9.3.4), and in words. */
export interface AssociationRejection {
  readonly result: number
  readonly source: number
  readonly reason: number
  readonly words: string
}

const PERMANENT = 1
const TRANSIENT = 2
const SERVICE_USER = 1
const ACSE = 2
const PRESENTATION = 3

/** The rejections that Ferry gives. */
export const REJECTION = {
  noReasonGiven: { result: PERMANENT, source: SERVICE_USER, reason: 1, words: 'no reason given' },
  applicationContextNotSupported: {
    result: PERMANENT,
    source: SERVICE_USER,
    reason: 2,
    words: 'application context name not supported',
  },
  callingAeNotRecognized: {
    result: PERMANENT,
    source: SERVICE_USER,
    reason: 3,
    words: 'calling AE title not recognized',
  },
  calledAeNotRecognized: {
    result: PERMANENT,
    source: SERVICE_USER,
    reason: 7,
    words: 'called AE title not recognized',
  },
  protocolVersionNotSupported: {
    result: PERMANENT,
    source: ACSE,
    reason: 2,
    words: 'protocol version not supported',
  },
  temporaryFault: { result: TRANSIENT, source: SERVICE_USER, reason: 1, words: 'temporary fault' },
  temporaryCongestion: { result: TRANSIENT, source: PRESENTATION, reason: 1, words: 'temporary congestion' },
  localLimitExceeded: { result: TRANSIENT, source: PRESENTATION, reason: 2, words: 'local limit exceeded' },
} as const satisfies Record<string, AssociationRejection>

const REASONS = new Map([
  ['1.1', 'no reason given'],
  ['1.2', 'application context name not supported'],
  ['1.3', 'calling AE title not recognized'],
  ['1.7', 'called AE title not recognized'],
  ['2.1', 'no reason given'],
  ['2.2', 'protocol version not supported'],
  ['3.1', 'temporary congestion'],
  ['3.2', 'local limit exceeded'],
])

/** A rejection that a peer gave, in words; reserved values are shown as numbers. */
export function describeRejection(result: number, source: number, reason: number): string {
  const words = REASONS.get(`${source}.${reason}`) ?? `source ${source}, reason ${reason}`
  return `${words} (${result === TRANSIENT ? 'transient' : 'permanent'})`
}
