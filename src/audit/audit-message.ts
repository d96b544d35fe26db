import { type AuditCode, type AuditEvent, codesOf } from './audit-event.ts'

/** The program that reports: its name (`ferry`, `ferry-center`), and its identity: the fingerprint of its key. */
export interface AuditSource {
  readonly program: string
  readonly id: string
}

const ROLE = {
  application: { code: '110150', scheme: 'DCM', meaning: 'Application' },
  destination: { code: '110152', scheme: 'DCM', meaning: 'Destination Role ID' },
  source: { code: '110153', scheme: 'DCM', meaning: 'Source Role ID' },
} as const

const STUDY_UID: AuditCode = { code: '110180', scheme: 'DCM', meaning: 'Study Instance UID' }
const SUBJECT: AuditCode = { code: 'SUBJECT', scheme: '99FERRY', meaning: 'Subject of the action' }

/** PS3.15 A.5.1.2.1: an application server process. */
const APPLICATION_SERVER = '4'
const BY_IP_ADDRESS = '2'
const BY_MACHINE_NAME = '1'

/** Writes an event as an audit message (PS3.15 A.5.1.1), in one line. `at`: ms since 1970. */
export function auditMessage(event: AuditEvent, source: AuditSource, at: number): string {
  return element('AuditMessage', {}, [
    eventIdentification(event, at),
    ...participants(event, source),
    element('AuditSourceIdentification', { AuditSourceID: source.id }, [
      element('AuditSourceTypeCode', { 'csd-code': APPLICATION_SERVER }),
    ]),
    ...objects(event),
  ])
}

function eventIdentification({ action, failure }: AuditEvent, at: number): string {
  const { event, type, does, meaning } = codesOf(action)
  const attributes = {
    EventActionCode: does,
    EventDateTime: new Date(at).toISOString(),
    // Success, or an action that was terminated (PS3.15 Table A.5.2-1).
    EventOutcomeIndicator: failure === undefined ? '0' : '8',
  }
  return element('EventIdentification', attributes, [
    coded('EventID', event),
    ...(type === undefined ? [] : [coded('EventTypeCode', type)]),
    coded('EventTypeCode', { code: action, scheme: '99FERRY', meaning }),
    ...(failure === undefined ? [] : [element('EventOutcomeDescription', {}, [escape(failure)])]),
  ])
}

/** The person who asked, the program that acted, and the receiver. */
function participants({ user, address, origin, destination }: AuditEvent, source: AuditSource): string[] {
  const { host } = destination ?? {}
  const where = address === undefined ? {} : accessPoint(address, BY_IP_ADDRESS)
  const there = host === undefined ? {} : accessPoint(host, BY_MACHINE_NAME)
  const program = { UserID: source.program, AlternativeUserID: source.id }
  const isRequestor = user === undefined && origin === undefined
  return [
    ...(user === undefined
      ? []
      : [element('ActiveParticipant', { UserID: user, UserIsRequestor: 'true', ...where })]),
    ...(origin === undefined
      ? []
      : [
          element(
            'ActiveParticipant',
            { UserID: origin.name, AlternativeUserID: origin.id, UserIsRequestor: 'true' },
            [coded('RoleIDCode', ROLE.source)],
          ),
        ]),
    element('ActiveParticipant', { ...program, UserIsRequestor: String(isRequestor) }, [
      coded('RoleIDCode', ownRole(origin, destination)),
    ]),
    ...(destination === undefined
      ? []
      : [
          element('ActiveParticipant', { UserID: destination.name, UserIsRequestor: 'false', ...there }, [
            coded('RoleIDCode', ROLE.destination),
          ]),
        ]),
  ]
}

function ownRole(origin: AuditEvent['origin'], destination: AuditEvent['destination']): AuditCode {
  if (destination !== undefined) return ROLE.source
  return origin === undefined ? ROLE.application : ROLE.destination
}

const accessPoint = (id: string, type: string): Record<string, string> => ({
  NetworkAccessPointID: id,
  NetworkAccessPointTypeCode: type,
})

/** A reason belongs to each object: the schema has no other place for it. */
function objects({ action, studies = [], subject, reason }: AuditEvent): string[] {
  const details = reason === undefined ? [] : [detail('reason', reason)]
  const found = studies.map(({ studyInstanceUid, instances }) =>
    object(studyInstanceUid, { type: '2', role: '3' }, STUDY_UID, [
      ...details,
      ...(instances === undefined
        ? []
        : [
            element('ParticipantObjectDescription', {}, [
              element('SOPClass', { NumberOfInstances: String(instances) }),
            ]),
          ]),
    ]),
  )
  if (subject !== undefined || (found.length === 0 && details.length > 0))
    found.push(object(subject ?? action, { type: '2', role: '13' }, SUBJECT, details))
  return found
}

/** PS3.15 A.5.1.2.2: role 3 is a report (a study), 13 a security resource. The schema wants a name or a query. */
function object(
  id: string,
  { type, role }: { type: string; role: string },
  code: AuditCode,
  content: readonly string[],
): string {
  const attributes = {
    ParticipantObjectID: id,
    ParticipantObjectTypeCode: type,
    ParticipantObjectTypeCodeRole: role,
  }
  return element('ParticipantObjectIdentification', attributes, [
    coded('ParticipantObjectIDTypeCode', code),
    element('ParticipantObjectName', {}, [escape(id)]),
    ...content,
  ])
}

const detail = (type: string, value: string): string =>
  element('ParticipantObjectDetail', { type, value: Buffer.from(value, 'utf8').toString('base64') })

const coded = (name: string, { code, scheme, meaning }: AuditCode): string =>
  element(name, { 'csd-code': code, codeSystemName: scheme, originalText: meaning })

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  content: readonly string[] = [],
): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`)
  const start = `<${name}${pairs.join('')}`
  return content.length === 0 ? `${start}/>` : `${start}>${content.join('')}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Characters that XML 1.0 §2.2 does not have, and line breaks, become a space: a message is one line. */
const escape = (text: string): string =>
  text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- these are the characters in question
    .replaceAll(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' ')
    .replaceAll(/[&<>"]/g, (found) => ENTITIES[found] ?? found)
