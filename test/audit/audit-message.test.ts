import { expect, test } from '@jest/globals'
import { AUDIT_ACTIONS, type AuditAction, type AuditEvent } from '../../src/audit/audit-event.ts'
import { auditMessage } from '../../src/audit/audit-message.ts'
import { schemaObjections } from '../support/audit/schema-objections.ts'
import { describeWith } from '../support/media/describe-with.ts'

const SOURCE = { program: 'ferry', id: '0123' }
const AT = Date.UTC(2026, 11, 1, 8, 30)
const ACTIONS = Object.keys(AUDIT_ACTIONS) as AuditAction[]

/** Everything that an event can have. */
const FULL: Omit<AuditEvent, 'action'> = {
  user: '王工 <"&\u0000\n',
  address: '127.0.0.1',
  failure: 'STORAGE_FULL',
  destination: { name: 'Center', host: 'center.example.org' },
  studies: [{ studyInstanceUid: '1.2.3', instances: 7 }, { studyInstanceUid: '1.2.4' }],
  subject: 'CT1@192.168.1.20',
  reason: 'the <ward> asked',
}

test('a study that was delivered names the source, the receiver and how many instances went', () => {
  const event = { action: 'studyDelivered', destination: { name: 'Center' } } as const
  const studies = [{ studyInstanceUid: '1.2.3', instances: 7 }]
  expect(auditMessage({ ...event, studies }, SOURCE, AT)).toBe(
    '<AuditMessage><EventIdentification EventActionCode="C" EventDateTime="2026-12-01T08:30:00.000Z" ' +
      'EventOutcomeIndicator="0"><EventID csd-code="110104" codeSystemName="DCM" originalText="DICOM Instances ' +
      'Transferred"/><EventTypeCode csd-code="studyDelivered" codeSystemName="99FERRY" originalText="Instances of a ' +
      'study delivered"/></EventIdentification><ActiveParticipant UserID="ferry" AlternativeUserID="0123" ' +
      'UserIsRequestor="true"><RoleIDCode csd-code="110153" codeSystemName="DCM" originalText="Source Role ID"/>' +
      '</ActiveParticipant><ActiveParticipant UserID="Center" UserIsRequestor="false"><RoleIDCode csd-code="110152" ' +
      'codeSystemName="DCM" originalText="Destination Role ID"/></ActiveParticipant><AuditSourceIdentification ' +
      'AuditSourceID="0123"><AuditSourceTypeCode csd-code="4"/></AuditSourceIdentification>' +
      '<ParticipantObjectIdentification ParticipantObjectID="1.2.3" ParticipantObjectTypeCode="2" ' +
      'ParticipantObjectTypeCodeRole="3"><ParticipantObjectIDTypeCode csd-code="110180" codeSystemName="DCM" ' +
      'originalText="Study Instance UID"/><ParticipantObjectName>1.2.3</ParticipantObjectName>' +
      '<ParticipantObjectDescription><SOPClass NumberOfInstances="7"/></ParticipantObjectDescription>' +
      '</ParticipantObjectIdentification></AuditMessage>',
  )
})

test('a message is one line, whatever a person types', () => {
  expect(auditMessage({ action: 'released', ...FULL }, SOURCE, AT)).not.toMatch(/\p{Cc}/u)
})

describeWith(['xmllint'], 'the schema of PS3.15', () => {
  test('every action gives a message that is valid by the schema of PS3.15, with everything and with nothing', () => {
    for (const action of ACTIONS)
      for (const rest of [FULL, {}, { reason: 'x' }])
        expect([action, schemaObjections(auditMessage({ action, ...rest }, SOURCE, AT))]).toEqual([
          action,
          '',
        ])
  })

  test('the schema objects to a message without a source, and to an action that it does not know', () => {
    const message = auditMessage({ action: 'released' }, SOURCE, AT)
    expect(schemaObjections(message.replace(/<AuditSource.*<\/AuditSourceIdentification>/, ''))).toMatch(
      /fails/,
    )
    expect(schemaObjections(message.replace('EventActionCode="E"', 'EventActionCode="X"'))).toMatch(/fails/)
  })
})
