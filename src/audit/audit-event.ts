/** One coded value of PS3.16 or of Ferry's own scheme (a private scheme begins with 99, PS3.16 §8.2). */
export interface AuditCode {
  readonly code: string
  readonly scheme: 'DCM' | '99FERRY'
  readonly meaning: string
}

const dcm = (code: string, meaning: string): AuditCode => ({ code, scheme: 'DCM', meaning })

/** PS3.16 CID 400, Audit Event ID. */
const EVENT = {
  activity: dcm('110100', 'Application Activity'),
  logUsed: dcm('110101', 'Audit Log Used'),
  transferred: dcm('110104', 'DICOM Instances Transferred'),
  export: dcm('110106', 'Export'),
  import: dcm('110107', 'Import'),
  patient: dcm('110110', 'Patient Record'),
  security: dcm('110113', 'Security Alert'),
}

/** PS3.16 CID 401, Audit Event Type Code. */
const TYPE = {
  start: dcm('110120', 'Application Start'),
  stop: dcm('110121', 'Application Stop'),
  network: dcm('110128', 'Network Configuration'),
  security: dcm('110129', 'Security Configuration'),
  restricted: dcm('110132', 'Use of Restricted Function'),
}

interface ActionCodes {
  readonly event: AuditCode
  readonly type?: AuditCode
  /** Create, read, update, delete, execute (PS3.15 A.5.1.1). */
  readonly does: 'C' | 'R' | 'U' | 'D' | 'E'
  readonly meaning: string
}

const { activity, logUsed, transferred, security, patient } = EVENT
const { network, restricted } = TYPE

/** Every action that is audited. A further one is one more line here, and words for it in both languages. */
export const AUDIT_ACTIONS = {
  started: { event: activity, type: TYPE.start, does: 'E', meaning: 'Program started' },
  stopped: { event: activity, type: TYPE.stop, does: 'E', meaning: 'Program stopped' },
  auditExported: { event: logUsed, does: 'R', meaning: 'Audit trail exported' },
  namesShown: { event: patient, does: 'R', meaning: 'Full names of patients shown' },
  released: { event: security, type: restricted, does: 'E', meaning: 'Held instances released' },
  exported: { event: EVENT.export, does: 'R', meaning: 'Instance exported' },
  imported: { event: EVENT.import, does: 'C', meaning: 'Instances imported by a person' },
  assigned: { event: security, type: restricted, does: 'E', meaning: 'File assigned to a patient' },
  retried: { event: security, type: restricted, does: 'E', meaning: 'Waiting and held instances sent again' },
  deviceApproved: { event: security, type: network, does: 'U', meaning: 'Device approved' },
  devicesRead: { event: security, type: network, does: 'U', meaning: 'List of devices read again' },
  callerIgnored: { event: security, type: network, does: 'U', meaning: 'Caller ignored' },
  callerUnignored: { event: security, type: network, does: 'U', meaning: 'Caller no longer ignored' },
  callerForgotten: { event: security, type: network, does: 'U', meaning: 'Caller forgotten' },
  joined: { event: security, type: TYPE.security, does: 'U', meaning: 'Center joined' },
  restarted: { event: security, type: restricted, does: 'E', meaning: 'Program restarted by a person' },
  pageOpened: { event: security, type: restricted, does: 'E', meaning: 'Link to the page made' },
  agentInvited: { event: security, type: TYPE.security, does: 'C', meaning: 'Join code made' },
  agentApproved: { event: security, type: TYPE.security, does: 'U', meaning: 'Agent approved' },
  agentRevoked: { event: security, type: TYPE.security, does: 'U', meaning: 'Agent revoked' },
  agentUnrevoked: { event: security, type: TYPE.security, does: 'U', meaning: 'Agent accepted again' },
  keysChanged: { event: security, type: TYPE.security, does: 'U', meaning: 'Keys changed' },
  accountAdded: { event: security, type: TYPE.security, does: 'C', meaning: 'Account for the page added' },
  accountReset: {
    event: security,
    type: TYPE.security,
    does: 'U',
    meaning: 'First password made for an account',
  },
  accountRemoved: {
    event: security,
    type: TYPE.security,
    does: 'D',
    meaning: 'Account for the page removed',
  },
  registerMade: { event: security, type: restricted, does: 'C', meaning: 'New register made' },
  storeAccepted: { event: security, type: restricted, does: 'E', meaning: 'Folder of instances accepted' },
  silenced: { event: security, type: restricted, does: 'U', meaning: 'Alarm silenced' },
  unsilenced: { event: security, type: restricted, does: 'U', meaning: 'Silence ended' },
  studyDelivered: { event: transferred, does: 'C', meaning: 'Instances of a study delivered' },
  studyReceived: { event: transferred, does: 'C', meaning: 'Instances of a study received and receipted' },
  studyHandedOn: { event: transferred, does: 'C', meaning: 'Instances of a study handed on to the PACS' },
  studyConfirmed: { event: transferred, does: 'R', meaning: 'Instances of a study confirmed by receipt' },
} as const satisfies Readonly<Record<string, ActionCodes>>

export type AuditAction = keyof typeof AUDIT_ACTIONS

export const codesOf = (action: AuditAction): ActionCodes => AUDIT_ACTIONS[action]

/** Instances of one study. The patient is found by the study at the center: no value of a patient is recorded. */
interface AuditedStudy {
  readonly studyInstanceUid: string
  readonly instances?: number
}

export interface AuditEvent {
  readonly action: AuditAction
  /** Name of the person who asked for it, by the operating system or the page; undefined = the program itself. */
  readonly user?: string | undefined
  /** The address that the person asked from, if it was not this machine's command line. */
  readonly address?: string | undefined
  /** Code of the failure, if the action failed after it was recorded. */
  readonly failure?: string | undefined
  /** Sender of instances, at the center: the agent's name. */
  readonly origin?: { readonly name: string; readonly id: string } | undefined
  /** Receiver of instances: a name, and its host. */
  readonly destination?: { readonly name: string; readonly host?: string } | undefined
  readonly studies?: readonly AuditedStudy[]
  /** Subject other than a study: a caller, an agent, a key, an alarm, a file. */
  readonly subject?: string | undefined
  /** Reason that the person stated. */
  readonly reason?: string | undefined
}
