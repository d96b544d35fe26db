import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import type { ByteSource } from '../../../media/byte-source.ts'
import { readCda } from '../../../media/read-cda.ts'
import { readChunks } from '../../../media/read-chunks.ts'
import { isEncryptedPdf } from '../../../media/read-pdf.ts'
import { isBinaryStl } from '../../../media/read-stl.ts'
import { Failure } from '../../../platform/failure.ts'
import { beginDataSet, instanceUidOf } from './common-elements.ts'
import { DataSetDraft } from './data-set-draft.ts'
import { deriveUid } from './derive-uid.ts'
import { describing } from './element-value.ts'
import { STORAGE_CLASS } from './storage-class.ts'
import type { WrapFacts } from './wrap-facts.ts'
import type { Wrapped } from './wrapped.ts'

type DocumentKind = 'pdf' | 'cda' | 'stl'

const MIME_TYPES: Readonly<Record<DocumentKind, string>> = {
  pdf: 'application/pdf',
  cda: 'text/XML',
  stl: 'model/stl',
}
/** A value of OB has at most this many bytes (PS3.5 §7.1.1). */
const VALUE_LIMIT_BYTES = 0xffff_fffe

/** Encapsulates a PDF (PS3.3 §A.45.1). Throws DOCUMENT_ENCRYPTED. */
export async function wrapPdf(source: ByteSource, facts: WrapFacts): Promise<Wrapped> {
  if (await isEncryptedPdf(source)) throw new Failure('DOCUMENT_ENCRYPTED', 'wrapping a PDF: it is encrypted')
  const draft = beginDocument(source, facts, 'pdf').text('ConversionType', 'WSD')
  return documentOf(source, facts, 'pdf', draft)
}

/** Encapsulates an HL7 CDA document (PS3.3 §A.45.2). Throws MEDIA_DAMAGED or DOCUMENT_FORM. */
export async function wrapCda(source: ByteSource, facts: WrapFacts): Promise<Wrapped> {
  const { instanceIdentifier, title } = await readCda(source)
  if (instanceIdentifier === undefined)
    throw new Failure('DOCUMENT_FORM', 'wrapping a CDA: it has no id with a root')
  const draft = beginDocument(source, facts, 'cda')
    .text('ConversionType', 'WSD')
    .text('HL7InstanceIdentifier', describing('UT', instanceIdentifier))
  if (title !== undefined) draft.text('DocumentTitle', describing('ST', title))
  return documentOf(source, facts, 'cda', draft)
}

/** Encapsulates a model for 3D printing (PS3.3 §A.85.1). Throws DOCUMENT_FORM if it is written as text. */
export async function wrapStl(source: ByteSource, facts: WrapFacts): Promise<Wrapped> {
  if (!isBinaryStl(await source.read(0, 84), source.size))
    throw new Failure(
      'DOCUMENT_FORM',
      'wrapping an STL model: it is written as text, and only the binary form is allowed',
    )
  const { study, series, uidSecret, agentId } = facts
  const millimetre = new DataSetDraft()
    .text('CodeValue', 'mm')
    .text('CodingSchemeDesignator', 'UCUM')
    .text('CodeMeaning', 'mm')
  const draft = beginDocument(source, facts, 'stl')
    .text(
      'FrameOfReferenceUID',
      deriveUid(uidSecret, 'frame of reference', study.studyInstanceUid, facts.sha256),
    )
    .text('PositionReferenceIndicator', '')
    // Enhanced General Equipment has these of type 1; the file does not name the program that made it.
    .text('Manufacturer', describing('LO', series.manufacturer || 'unknown'))
    .text('ManufacturerModelName', describing('LO', series.model || 'unknown'))
    .text('DeviceSerialNumber', describing('LO', agentId))
    .text('SoftwareVersions', 'unknown')
    .sequence('MeasurementUnitsCodeSequence', millimetre)
  return documentOf(source, facts, 'stl', draft)
}

/** Encapsulated Document Series and Encapsulated Document (PS3.3 §C.24.1, C.24.2). */
function beginDocument(source: ByteSource, facts: WrapFacts, kind: DocumentKind): DataSetDraft {
  if (source.size > VALUE_LIMIT_BYTES)
    throw new Failure(
      'MEDIA_TOO_LARGE',
      `wrapping a document: ${source.size} bytes, at most ${VALUE_LIMIT_BYTES}`,
    )
  const modality = kind === 'stl' ? 'M3D' : 'DOC'
  const sopClassUid = STORAGE_CLASS[kind]
  const whole = { offset: 0, length: source.size }
  return (
    beginDataSet(facts, { sopClassUid, modality, series: kind, page: 0 })
      // Its content is not searched: it may name the patient, as reports do.
      .text('BurnedInAnnotation', 'YES')
      .text('DocumentTitle', describing('ST', facts.study.description ?? ''))
      .sequence('ConceptNameCodeSequence')
      .text('MIMETypeOfEncapsulatedDocument', MIME_TYPES[kind])
      .number('EncapsulatedDocumentLength', source.size)
      .streamed('EncapsulatedDocument', 'OB', {
        length: source.size,
        chunks: () => readChunks(source, whole),
      })
  )
}

function documentOf(source: ByteSource, facts: WrapFacts, kind: DocumentKind, draft: DataSetDraft): Wrapped {
  const instance = {
    sopClassUid: STORAGE_CLASS[kind],
    sopInstanceUid: instanceUidOf(facts, STORAGE_CLASS[kind], 0),
    studyInstanceUid: facts.study.studyInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet: () => draft.read(),
  }
  return { instances: [instance], findings: [] }
}
