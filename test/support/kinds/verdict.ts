import { judge } from '../../../src/agent/arrival/check-instance.ts'
import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import type { DeidOption, DeidProfile } from '../../../src/agent/deidentify/element/profile.ts'
import type { KnownValuesCache } from '../../../src/agent/deidentify/names/known-values-cache.ts'
import type { ProjectKey } from '../../../src/agent/deidentify/rules/project-key.ts'
import { editedDataSet } from '../../../src/agent/intake/edited-data-set.ts'
import { checkingSchema } from '../../../src/config/checking-settings.ts'
import { DataSetCheck } from '../../../src/dicom/check/check-data-set.ts'
import type { Finding } from '../../../src/dicom/check/check-findings.ts'
import { type DataSetHead, DataSetHeadScanner } from '../../../src/dicom/find/data-set-head.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { transferSyntax } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../../src/platform/failure.ts'
import type { Random } from '../random.ts'
import type { KindCase } from './kind-case.ts'
import { readStrictly } from './strict-reading.ts'

/** Findings that say something of the bytes, so that a sound image has none of them. */
const OF_STRUCTURE: ReadonlySet<Finding> = new Set<Finding>([
  'transferSyntax',
  'unreadable',
  'truncated',
  'uidMissing',
  'uidSyntax',
  'patientMissing',
  'oddLength',
  'elementOrder',
  'pixelMissing',
  'pixelDescription',
  'pixelForm',
  'pixelLength',
  'framesMissing',
  'fragmentsEnd',
  'offsetTable',
  'trailingBytes',
])
const POLICY = checkingSchema.parse({})
const UID = /^[0-9.]+$/
const FIELDS = ['sopClassUid', 'sopInstanceUid', 'studyInstanceUid', 'seriesInstanceUid'] as const

/** Why the check of arriving instances and the search of their heads break a promise; empty if they keep all. */
export function faultsOfReading(made: KindCase, random: Random): string[] {
  const { dataSet, ending, isSound, transferSyntaxUid } = made
  const findings = findingsOf(dataSet, transferSyntaxUid, random)
  const isRefused = judge(findings, POLICY).consequence === 'refuse'
  const faults: string[] = []
  const found = findings.join(', ')
  if (ending === 'cut' && !isRefused) faults.push(`a cut image is taken, found ${found}`)
  if (ending === 'whole' && isRefused) faults.push(`a whole image is refused, found ${found}`)
  const isFlagged = findings.some(
    (finding) => OF_STRUCTURE.has(finding) && !(finding === 'patientMissing' && made.lacksPatientId === true),
  )
  if (isSound && isFlagged) faults.push(`a sound image is flagged, found ${found}`)
  if (made.isDeclaredTruly && findings.includes('transferSyntax'))
    faults.push('the transfer syntax is blamed')
  return [...faults, ...faultsOfHead(made, headOf(dataSet, transferSyntaxUid, random))]
}

function faultsOfHead({ identifiers, isFindable, isSound, ending }: KindCase, head: DataSetHead): string[] {
  // A value that swallowed its neighbours is not a UID, and is flagged as malformed.
  const wrong = FIELDS.filter((field) => UID.test(head[field] ?? '') && head[field] !== identifiers[field])
  const lacking = FIELDS.filter((field) => head[field] === undefined)
  return [
    ...wrong.map((field) => `another ${field} is found`),
    ...(isFindable && ending === 'whole' ? lacking.map((field) => `${field} is not found`) : []),
    ...(isSound && head.problem !== undefined ? [`a problem is told: ${head.problem}`] : []),
  ]
}

function findingsOf(dataSet: Buffer, transferSyntaxUid: string, random: Random): Finding[] {
  const check = new DataSetCheck(transferSyntaxUid)
  for (const piece of pieces(dataSet, random)) check.push(piece)
  return check.finish()
}

function headOf(dataSet: Buffer, transferSyntaxUid: string, random: Random): DataSetHead {
  const scanner = new DataSetHeadScanner(transferSyntaxUid)
  for (const piece of pieces(dataSet, random)) if (scanner.push(piece)) break
  return scanner.head
}

/** In pieces as they come out of PDUs: the answer must not depend on them. */
function* pieces(dataSet: Buffer, random: Random): Generator<Buffer> {
  const size = random.pick([dataSet.length, dataSet.length, dataSet.length, 1000, 4096, 100, 100, 13])
  for (let at = 0; at < dataSet.length; at += size) yield dataSet.subarray(at, at + size)
}

const OPTIONS: readonly (readonly DeidOption[])[] = [
  [],
  ['retain-device-identity', 'clean-descriptors'],
  ['retain-long-modified-dates', 'retain-patient-characteristics', 'clean-descriptors'],
  ['retain-institution-identity', 'clean-descriptors', 'clean-structured-content'],
]

interface LeavingOptions {
  readonly key: ProjectKey
  readonly knownValues: KnownValuesCache
}

/** Returns what leaves on a route without identity, or the failure that withholds it. `chosen`: the options of the profile. */
export function leaving(
  made: KindCase,
  { key, knownValues }: LeavingOptions,
  random: Random,
  chosen: readonly DeidOption[] = random.pick(OPTIONS),
): Buffer | Failure {
  const { dataSet, transferSyntaxUid, identifiers } = made
  const options = new Set(chosen)
  const profile: DeidProfile = {
    name: 'kinds',
    options,
    rules: [],
    safePrivate: [],
    pixels: [],
    capAges: false,
    passDocuments: false,
  }
  const deid = new Deidentification({
    profile,
    key,
    knownValues,
    source: { device: undefined, callingAeTitle: 'CT1' },
    sopClassUid: identifiers.sopClassUid,
    transferSyntaxUid,
  })
  try {
    const change = editedDataSet(transferSyntaxUid, deid, () => deid.transferSyntaxUid, deid.outputCheck())
    const out = Array.from(pieces(dataSet, random)).flatMap((piece) => change.push(Buffer.from(piece)))
    return Buffer.concat([...out, ...change.finish()])
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

const WITHHOLDING: ReadonlySet<string> = new Set(['DEID_WITHHELD', 'DATA_SET_UNREADABLE'])

/** Why a copy that takes the identity out breaks a promise; empty if it keeps all. */
export function faultsOfCopy(made: KindCase, copy: Buffer | Failure): string[] {
  if (copy instanceof Failure) {
    if (!WITHHOLDING.has(copy.code)) return [`withheld by ${copy.code}: ${copy.message}`]
    if (/fault of the program/.test(copy.message)) return [copy.message]
    return made.isSound ? [`a sound image is withheld: ${copy.message}`] : []
  }
  const faults: string[] = []
  if (made.planted.some((identity) => copy.includes(identity))) faults.push('identity leaves')
  if (made.ending === 'cut') faults.push('a cut image leaves')
  if (made.ending === 'whole' && !copy.includes(made.pixels)) faults.push('the copy lacks pixel data')
  const { vr, byteOrder } = transferSyntax(made.transferSyntaxUid)
  const read = readStrictly(copy, vr === 'explicit', byteOrder === 'little')
  if (read === undefined) return [...faults, 'the copy cannot be read']
  for (const tag of [
    TAG.SOPClassUID,
    TAG.SOPInstanceUID,
    TAG.PatientName,
    TAG.PatientID,
    TAG.StudyInstanceUID,
    TAG.SeriesInstanceUID,
    TAG.Rows,
  ])
    if ((read.get(tag)?.length ?? 0) === 0 && isWrittenAtTop(made, tag))
      faults.push(`the copy lacks ${tag.toString(16)}`)
  return faults
}

const OF_THE_PERSON = [TAG.PatientName, TAG.PatientID, TAG.StudyDate, TAG.PatientBirthDate]

/** Why two copies of one person, who was spelled in two ways, break a promise; empty if they keep it. */
export function faultsOfTwins(
  { transferSyntaxUid }: KindCase,
  copy: Buffer | Failure,
  twin: Buffer | Failure,
): string[] {
  if (copy instanceof Failure || twin instanceof Failure)
    return copy instanceof Failure && twin instanceof Failure ? [] : ['one of two spellings is withheld']
  const { vr, byteOrder } = transferSyntax(transferSyntaxUid)
  const [one, other] = [copy, twin].map((bytes) =>
    readStrictly(bytes, vr === 'explicit', byteOrder === 'little'),
  )
  return OF_THE_PERSON.filter((tag) => !isSame(one?.get(tag), other?.get(tag))).map(
    (tag) => `two spellings of one person give two values of ${tag.toString(16)}`,
  )
}

const isSame = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one === undefined || other === undefined ? one === other : one.equals(other)

/** An element that another one has swallowed is announced by nothing. */
function isWrittenAtTop(made: KindCase, tag: number): boolean {
  const { dataSet, transferSyntaxUid } = made
  const { vr, byteOrder } = transferSyntax(transferSyntaxUid)
  const read = readStrictly(dataSet, vr === 'explicit', byteOrder === 'little')
  return made.ending === 'whole' && (read === undefined || (read.get(tag)?.length ?? 0) > 0)
}
