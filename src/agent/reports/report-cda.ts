import { deriveUid } from '../arrival/wrap/derive-uid.ts'
import type { Hl7Report } from '../orders/hl7/hl7-report.ts'
import type { Patient } from '../orders/order.ts'

/**
 * Writes the text of a report as an HL7 CDA R2 document with an unstructured body (CDA R2 §4.3.1.1), so that it can be
 * encapsulated without a renderer. Its id follows from study and text: the same report is the same document.
 */
export function reportCda(
  report: Hl7Report,
  patient: Patient,
  studyInstanceUid: string,
  secret: Buffer,
): Buffer {
  const { text, title, accessionNumber, reportedAt } = report
  const time = (reportedAt ?? '').replace(/[-:T]/g, '').slice(0, 14)
  const id = deriveUid(secret, 'report', studyInstanceUid, accessionNumber, text)
  const issuer = deriveUid(secret, 'issuer', patient.issuer ?? '')
  const effective = time === '' ? '<effectiveTime nullFlavor="UNK"/>' : `<effectiveTime value="${time}"/>`
  const authored = time === '' ? '<time nullFlavor="UNK"/>' : `<time value="${time}"/>`
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<id root="${id}"/>
<code code="18748-4" codeSystem="2.16.840.1.113883.6.1" displayName="Diagnostic imaging study"/>
<title>${escaped(title === '' ? 'Report' : title)}</title>
${effective}
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
<recordTarget><patientRole>
<id root="${issuer}" extension="${escaped(patient.id)}"/>
<patient><name>${escaped(
    patient.name
      .replaceAll('^', ' ')
      .split('=')
      .find((group) => group.trim() !== '') ?? '',
  )}</name>
${sexOf(patient)}${patient.birthDate === undefined ? '' : `<birthTime value="${escaped(patient.birthDate)}"/>`}</patient>
</patientRole></recordTarget>
<author>${authored}<assignedAuthor><id nullFlavor="UNK"/>
<assignedAuthoringDevice><softwareName>Ferry, from HL7 ORU^R01</softwareName></assignedAuthoringDevice></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><id nullFlavor="UNK"/></representedCustodianOrganization></assignedCustodian></custodian>
<component><nonXMLBody><text mediaType="text/plain">${escaped(text)}</text></nonXMLBody></component>
</ClinicalDocument>
`)
}

function sexOf({ sex }: Patient): string {
  if (sex === undefined) return ''
  const code = sex === 'O' ? 'UN' : sex
  return `<administrativeGenderCode code="${code}" codeSystem="2.16.840.1.113883.5.1"/>`
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Characters that XML 1.0 cannot contain (§2.2) become U+FFFD. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign)
