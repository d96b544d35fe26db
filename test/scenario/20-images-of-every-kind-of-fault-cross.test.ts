import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { KnownValuesCache } from '../../src/agent/deidentify/names/known-values-cache.ts'
import { STORAGE_STATUS } from '../../src/dicom/vocabulary/storage-status.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../src/platform/failure.ts'
import { TEST_KEY } from '../agent/deidentify/deidentify-element.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { KINDS, kindCase } from '../support/kinds/all-kinds.ts'
import { CT, EXPLICIT } from '../support/kinds/invented-image.ts'
import { faultsOfCopy, leaving } from '../support/kinds/verdict.ts'
import {
  dataPdu,
  item,
  pdv,
  RawAssociation,
  type RawResponse,
  RELEASE_REQUEST,
  storeCommand,
} from '../support/peers/raw-association.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { routesWithAndWithoutIdentity } from '../support/programs/routed.ts'
import { Random, seedOfRun } from '../support/random.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CROSSINGS = Number(process.env['FERRY_KIND_CROSSINGS'] ?? 12 * KINDS.length)
const SEED = seedOfRun()
const ASSOCIATIONS = 4
/** On a machine that does much else; alone it takes 20 s. */
const LONGEST_WAIT_MS = 240_000
const FRAGMENT_BYTES = 16_000
/** Preamble, prefix, and File Meta Information Group Length (PS3.10 §7.1). */
const FIRST_BYTES = 144
const UID = /^[0-9.]+$/

type Made = ReturnType<typeof kindCase>

interface Crossed {
  readonly made: Made
  readonly answer: RawResponse
  /** The statement of the log about a refusal. */
  readonly reason: string
}

interface AtCenter {
  readonly study: string
  readonly dataSet: Buffer
  readonly isCopy: boolean
}

/** Sends the cases as a device would that knows nothing of what it sends. */
async function sendAll(port: number, cases: readonly Made[]): Promise<Omit<Crossed, 'reason'>[]> {
  const syntaxes = Array.from(new Set(cases.map(({ transferSyntaxUid }) => transferSyntaxUid)))
  const [first] = cases
  const contexts = syntaxes.map((uid, i) => ({
    id: 2 * i + 1,
    abstractSyntax: first?.identifiers.sopClassUid ?? '',
    transferSyntaxes: [uid],
  }))
  const association = await RawAssociation.open(port, { contexts })
  const crossed: Omit<Crossed, 'reason'>[] = []
  for (const made of cases) {
    const id = 2 * syntaxes.indexOf(made.transferSyntaxUid) + 1
    await association.send(
      dataPdu(pdv(id, 3, storeCommand({ sopInstance: made.identifiers.sopInstanceUid }))),
    )
    for (let at = 0; at < made.dataSet.length; at += FRAGMENT_BYTES) {
      const isLast = at + FRAGMENT_BYTES >= made.dataSet.length
      const fragment = made.dataSet.subarray(at, at + FRAGMENT_BYTES)
      await association.send(dataPdu(pdv(id, isLast ? 2 : 0, fragment)))
    }
    crossed.push({ made, answer: await association.response() })
  }
  await association.send(RELEASE_REQUEST)
  await association.next()
  association.close()
  return crossed
}

function atCenterOf(clinic: Clinic): AtCenter[] {
  return storedAtCenter(join(clinic.folder, 'center')).map(({ path, sopInstanceUid }) => {
    const bytes = readFileSync(path)
    // By the group length alone, since what was sent may begin with another file header.
    const headerBytes = FIRST_BYTES + bytes.readUInt32LE(FIRST_BYTES - 4)
    return {
      study: basename(dirname(dirname(path))),
      dataSet: bytes.subarray(headerBytes),
      isCopy: sopInstanceUid.startsWith('2.25.'),
    }
  })
}

/** Why what became of the cases breaks a promise; empty if it keeps all. */
function faultsOf(crossed: readonly Crossed[], atCenter: readonly AtCenter[]): string[] {
  const originals = new Map(atCenter.filter(({ isCopy }) => !isCopy).map((one) => [sha256(one.dataSet), one]))
  const copies = atCenter.filter(({ isCopy }) => isCopy)
  const faults = crossed.flatMap(({ made, answer, reason }) => {
    const original = originals.get(sha256(made.dataSet))
    const mine = copies.filter(({ dataSet }) => dataSet.includes(made.pixels))
    return [...faultsOfAnswer(made, answer, reason), ...faultsAtCenter(made, answer, original, mine)].map(
      (fault) => `${made.kind}, ${made.transferSyntaxUid}: ${fault}`,
    )
  })
  const known = copies.filter(({ dataSet }) => crossed.some(({ made }) => dataSet.includes(made.pixels)))
  // A copy is known by its pixels, which an image that ends before them does not have.
  const without = crossed.filter(({ made, answer }) => answer.status === 0 && !hasPixels(made)).length
  return copies.length - known.length <= without ? faults : [...faults, 'a copy of no image that was sent']
}

const hasPixels = ({ dataSet, pixels }: Made): boolean => dataSet.includes(pixels)

function faultsOfAnswer(
  { ending, isFindable, transferSyntaxUid }: Made,
  { status, errorComment = '' }: RawResponse,
  reason: string,
): string[] {
  const isRefused = status === STORAGE_STATUS.CannotUnderstand
  const isAnother = status === STORAGE_STATUS.DataSetDoesNotMatchSopClass
  const told = `${status?.toString(16)} ${errorComment}: ${reason}`
  // A UID whose length is wrong is another one than the command says.
  if (isAnother && !isFindable && /UID differs between command and data set/.test(reason)) return []
  if (status !== 0 && !isRefused) return [`answered ${told}`]
  if (ending === 'whole' && isRefused) return [`a whole image is refused: ${told}`]
  if (ending === 'cut' && !isRefused) return ['a cut image is taken']
  // A cut between two fragments leaves every element whole: only the delimiter of the pixel data is missing (PS3.5 §A.4).
  const missing = transferSyntax(transferSyntaxUid).encapsulated
    ? /found .*(truncated|fragmentsEnd)/
    : /found .*truncated/
  const isTrue = errorComment === 'CHECK_REFUSED' && missing.test(reason)
  return isRefused && !isTrue ? [`refused without the true reason: ${told}`] : []
}

function faultsAtCenter(
  made: Made,
  { status }: RawResponse,
  original: AtCenter | undefined,
  copies: readonly AtCenter[],
): string[] {
  if (status !== 0) return original === undefined && copies.length === 0 ? [] : ['refused, and at the center']
  if (original === undefined) return ['taken, and not at the center byte for byte']
  const { studyInstanceUid } = made.identifiers
  const isInItsStudy = original.study === studyInstanceUid
  const isElsewhere = made.isFindable ? !isInItsStudy : !isInItsStudy && UID.test(original.study)
  const isWithheld = withheld(made)
  return [
    ...(isElsewhere ? [`filed under ${original.study}, and not under ${studyInstanceUid}`] : []),
    ...(isWithheld && copies.length > 0 ? ['a copy that is to be withheld is at the center'] : []),
    ...(!isWithheld && hasPixels(made) && copies.length !== 1
      ? [`${copies.length} copies without identity`]
      : []),
    ...copies.flatMap(({ dataSet }) => faultsOfCopy(made, dataSet)),
  ]
}

function reasonOf(log: RecordingLog, { identifiers }: Made): string {
  const line = log.of('error').find(({ fields }) => fields['sopInstanceUid'] === identifiers.sopInstanceUid)
  return String(line?.fields['reason'] ?? '')
}

const parts = { key: TEST_KEY, knownValues: new KnownValuesCache(96) }
const withheld = (made: Made): boolean =>
  leaving(made, parts, new Random(1), ['clean-descriptors']) instanceof Failure

test(
  `of ${CROSSINGS} images of every kind of fault each is stored as it was sent or refused for its true reason, and no identity leaves (FERRY_SEED=${SEED})`,
  async () => {
    using keys = tempFolder()
    const log = new RecordingLog()
    await using clinic = await openClinic({ log, settings: routesWithAndWithoutIdentity(keys.path) })
    const cases = Array.from({ length: CROSSINGS }, (_, number) => kindCase(SEED, number))
    const shares = Array.from({ length: ASSOCIATIONS }, (__, n) =>
      cases.filter((_, i) => i % ASSOCIATIONS === n),
    )
    const sent = await Promise.all(shares.map(async (share) => sendAll(clinic.agent.port, share)))
    const crossed = sent.flat().map((one) => ({ ...one, reason: reasonOf(log, one.made) }))
    expect(crossed).toHaveLength(CROSSINGS)
    // Not until each of the many studies is receipted: stored is enough.
    await until(
      () => clinic.agent.service.status().deliveries,
      ({ queued, sending }) => queued + sending === 0,
      LONGEST_WAIT_MS,
    )
    const atCenter = atCenterOf(clinic)
    expect(faultsOf(crossed, atCenter)).toEqual([])
    const copies = atCenter.filter(({ isCopy }) => isCopy).length
    const taken = crossed.filter(({ answer }) => answer.status === 0).length
    // Some are refused, some are withheld, and most leave.
    expect([taken < CROSSINGS, copies < taken, copies > taken / 3]).toEqual([true, true, true])
    // The control: what is changed, doubled, or gone is found.
    const { made } = crossed.find(({ made: { isSound }, answer }) => isSound && answer.status === 0) ?? {}
    if (made === undefined) throw new Error('no sound image')
    const without = atCenter.filter(({ dataSet }) => !dataSet.equals(made.dataSet))
    expect(faultsOf(crossed, without)).toEqual([expect.stringMatching(/not at the center byte for byte/)])
    const asCopy = [...atCenter, { study: '2.25.1', dataSet: made.dataSet, isCopy: true }]
    expect(faultsOf(crossed, asCopy)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/2 copies without identity/),
        expect.stringMatching(/identity leaves/),
      ]),
    )
  },
  LONGEST_WAIT_MS + 60_000,
)

/** User identity: a name without a password, and no answer wanted (PS3.7 §D.3.3.7). */
const USER_IDENTITY = item(0x58, Buffer.from([1, 0, 0, 3, 0x6b, 0x69, 0x6d, 0, 0]))
const explicit = writer(EXPLICIT_LITTLE)

/** UIDs of an image as a device writes them, with whatever it pads them. */
function imageOf(study: string, series: string, instance: string): Buffer {
  const { element } = explicit
  return Buffer.concat([
    element(TAG.SOPClassUID, 'UI', `${CT}\0`),
    element(TAG.SOPInstanceUID, 'UI', instance),
    element(TAG.PatientName, 'PN', 'A^A '),
    element(TAG.PatientID, 'LO', 'A-1 '),
    element(TAG.StudyInstanceUID, 'UI', study),
    element(TAG.SeriesInstanceUID, 'UI', series),
  ])
}

test.each([
  ['one UID on all levels', '1.2.3.4.5.7\0', '1.2.3.4.5.7\0', '1.2.3.4.5.7\0'],
  ['UIDs that are padded with spaces', '1.2.3.40 ', '1.2.3.40.1 ', '1.2.3.40.1.1 '],
  ['no padding of an odd length', '1.2.3.5', '1.2.3.5.1', '1.2.3.5.1.1'],
])(
  'an image with %s, from a device that names its user and sends fragments of three bytes and of none, is filed in its study',
  async (_, study, series, instance) => {
    await using clinic = await openClinic()
    const contexts = [{ id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT.uid] }]
    const userItems = [USER_IDENTITY]
    const association = await RawAssociation.open(clinic.agent.port, { contexts, userItems })
    const dataSet = imageOf(study, series, instance)
    const sopInstance = instance.replace(/[ \0]$/, '')
    await association.send(dataPdu(pdv(1, 3, storeCommand({ sopInstance }))))
    for (let at = 0; at < dataSet.length; at += 3)
      await association.send(
        dataPdu(pdv(1, 0, dataSet.subarray(at, at + 3))),
        dataPdu(pdv(1, 0, Buffer.alloc(0))),
      )
    await association.send(dataPdu(pdv(1, 2, Buffer.alloc(0))))
    expect((await association.response()).status).toBe(0)
    association.close()
    await allSettled(clinic)
    expect(atCenterOf(clinic)).toEqual([{ study: study.replace(/[ \0]$/, ''), dataSet, isCopy: false }])
  },
)
