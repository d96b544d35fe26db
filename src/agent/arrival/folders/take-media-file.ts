import type { FolderSettings } from '../../../config/folder-settings.ts'
import type { MediaKind } from '../../../media/recognize.ts'
import { Failure } from '../../../platform/failure.ts'
import { localDay } from '../../orders/sources/local-day.ts'
import { deriveStudyUid, deriveUid } from '../wrap/derive-uid.ts'
import type { StudyFacts, WrapFacts, WrapHandling } from '../wrap/wrap-facts.ts'
import { wrapFile } from '../wrap/wrap-file.ts'
import type { Wrapped } from '../wrap/wrapped.ts'
import type { SourceFile } from './source-file.ts'
import { offer, outcomeOf, type Taken, type TakingMeans } from './take-file.ts'
import type { Owner } from './whose-is-it.ts'

interface MediaFacts {
  readonly owner: Owner
  readonly settings: FolderSettings
  readonly uidSecret: Buffer
  readonly agentId: string
  /** Ms since 1970. */
  readonly modifiedAt: number
}

/**
 * Wraps a file that is not DICOM and takes the instances one after the other: a file is taken if all of them are. The same
 * file of the same examination becomes the same instances again. Throws SourceChanged if it was written meanwhile.
 */
export async function takeMediaFile(
  source: SourceFile,
  kind: MediaKind,
  facts: MediaFacts,
  means: TakingMeans,
): Promise<Taken> {
  const sha256 = await source.digest()
  let wrapped: Wrapped
  try {
    wrapped = await wrapFile(source, kind, wrapFacts(facts, sha256))
  } catch (error) {
    if (error instanceof Failure) return { kind: 'held', reason: error.code, found: error.message }
    throw error
  }
  const answers = []
  for (const instance of wrapped.instances)
    answers.push(await offer(instance, unchanged(instance.dataSet(), source), means))
  const outcome = outcomeOf(answers, () => sha256)
  return outcome.kind === 'taken' ? { ...outcome, findings: wrapped.findings } : outcome
}

/** The end of the data set is given only if the file is still what it was: before that nothing is taken. */
async function* unchanged(pieces: AsyncIterable<Buffer>, source: SourceFile): AsyncGenerator<Buffer> {
  yield* pieces
  await source.checkUnchanged()
}

function wrapFacts(facts: MediaFacts, sha256: string): WrapFacts {
  const { owner, settings, uidSecret, agentId, modifiedAt } = facts
  return {
    patient: owner.patient,
    study: studyFacts(facts),
    series: { folder: settings.name },
    handling: handlingOf(settings),
    sha256,
    agentId,
    uidSecret,
    modifiedAt,
  }
}

function handlingOf({ as, anatomicRegion, orientation, lowerProfiles }: FolderSettings): WrapHandling {
  return {
    // A document is one by its content, and a still among documents is a secondary capture.
    as: as === 'document' ? 'secondary' : as,
    orientation,
    lowerProfiles,
    ...(anatomicRegion !== undefined && { anatomicRegion }),
  }
}

/**
 * The study is that of the order or of the sidecar. Otherwise its UID is derived, so that it is the same again: from patient
 * and accession number, and without one from folder, patient and day.
 */
function studyFacts({ owner, settings, uidSecret, modifiedAt }: MediaFacts): StudyFacts {
  const { patient, order, facts } = owner
  const date =
    facts.studyDate ?? dayOfOrder(order?.scheduledAt) ?? localDay(modifiedAt, 0).replaceAll('-', '')
  const accessionNumber = order?.accessionNumber ?? facts.accessionNumber
  const derived =
    accessionNumber === undefined
      ? deriveStudyUid(uidSecret, settings.name, patient, date)
      : deriveUid(uidSecret, 'accession', patient.id, patient.issuer ?? '', accessionNumber)
  const description = order?.description ?? facts.studyDescription
  const { requestedProcedureId, referringPhysician } = order ?? {}
  return {
    studyInstanceUid: order?.studyInstanceUid ?? facts.studyInstanceUid ?? derived,
    date,
    ...(accessionNumber !== undefined && { accessionNumber }),
    ...(description !== undefined && { description }),
    ...(requestedProcedureId !== undefined && { id: requestedProcedureId }),
    ...(referringPhysician !== undefined && { referringPhysician }),
  }
}

/** YYYYMMDD of a time in ISO 8601. */
const dayOfOrder = (scheduledAt: string | undefined): string | undefined =>
  scheduledAt?.slice(0, 10).replaceAll('-', '')
