import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Device } from '../../src/agent/arrival/device-list.ts'
import { DataSetHeadScanner } from '../../src/dicom/data-set-head.ts'
import { isStored, STORAGE_STATUS } from '../../src/dicom/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/transfer-syntax.ts'
import { describe } from '../../src/platform/failure.ts'
import { allSettled, type Clinic, openClinic } from './clinic.ts'
import { type CorpusFile, splitPart10 } from './corpus-files.ts'
import { newUid } from './sealed-instance.ts'
import { type RawInstance, sendInstances } from './send-instances.ts'
import { sha256, storedAtCenter } from './stored-at-center.ts'

/** An index of files, which never travels by C-STORE. */
const DICOMDIR = '1.2.840.10008.1.3.10'
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const BARE_SYNTAXES = [TRANSFER_SYNTAX.ExplicitVRLittleEndian, TRANSFER_SYNTAX.ImplicitVRLittleEndian]
const SENT_AT_ONCE = 8

/** What became of one file of the corpus. */
export interface Crossing {
  readonly file: CorpusFile
  readonly isDicomDir: boolean
  /** What the device was told; undefined where it got no answer to a C-STORE. */
  readonly status: number | undefined
  /** What else it was told, or why there was no answer. */
  readonly words: string
  /** Whether the center has it byte for byte, under its UIDs. */
  readonly isAtCenter: boolean
  readonly isHeld: boolean
  /** What the agent found odd in it. */
  readonly findings: readonly string[]
}

interface Sent {
  readonly file: CorpusFile
  readonly callingAeTitle: string
  readonly instance: RawInstance
  readonly answer: { status?: number; words: string }
}

/**
 * Sends every file through an agent to a center as a device of its own would, so that the agent's account by calling AE
 * title is one by file. Those that are no whole instance come from devices that are read strictly, unless `strict` is
 * false.
 */
export async function crossCorpus(files: readonly CorpusFile[], strict = true): Promise<Crossing[]> {
  const titled = files.map((file, i) => ({ file, callingAeTitle: `F${String(i + 1).padStart(3, '0')}` }))
  const devices = titled
    .filter(({ file }) => strict && file.expect === 'reject')
    .map(({ callingAeTitle }) => strictDevice(callingAeTitle))
  await using clinic = await openClinic({ settings: { devices } })
  const sent: Sent[] = []
  for (let i = 0; i < titled.length; i += SENT_AT_ONCE) {
    const batch = titled.slice(i, i + SENT_AT_ONCE)
    sent.push(...(await Promise.all(batch.map(async (one) => send(clinic, one.file, one.callingAeTitle)))))
  }
  await allSettled(clinic, 180_000)
  return account(clinic, sent)
}

/** What a device would send of a file: its data set, under the UIDs that it names itself, else under invented ones. */
export function asSent(path: string): RawInstance {
  const split = splitPart10(path)
  const dataSet = split?.dataSet ?? readFileSync(path)
  const syntaxes = split?.transferSyntaxUid ? [split.transferSyntaxUid] : BARE_SYNTAXES
  for (const transferSyntaxUid of syntaxes) {
    const scanner = new DataSetHeadScanner(transferSyntaxUid)
    scanner.push(dataSet)
    const { sopClassUid = split?.sopClassUid, sopInstanceUid = split?.sopInstanceUid } = scanner.head
    if (sopClassUid && sopInstanceUid) return { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet }
  }
  const [transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian] = syntaxes
  return { sopClassUid: SECONDARY_CAPTURE, sopInstanceUid: newUid(), transferSyntaxUid, dataSet }
}

/** Why this is not what was promised of such a file; undefined = all is well. */
export function breach({
  file,
  isDicomDir,
  status,
  isAtCenter,
  isHeld,
  findings,
}: Crossing): string | undefined {
  const isToldStored = status !== undefined && isStored(status)
  if (file.expect === 'reject' || isDicomDir) {
    if (isToldStored) return 'reported as stored'
    return isAtCenter ? 'stored at the center' : undefined
  }
  if (!isToldStored) return 'refused'
  if (isAtCenter) return undefined
  if (file.expect === 'odd' && isHeld) return findings.length > 0 ? undefined : 'held without a reason'
  return 'not at the center as it was sent'
}

function strictDevice(aeTitle: string): Device {
  return { name: aeTitle, aeTitle, addresses: [], quirks: { reading: 'strict' } }
}

async function send(clinic: Clinic, file: CorpusFile, callingAeTitle: string): Promise<Sent> {
  const instance = asSent(file.path)
  const sent = { file, callingAeTitle, instance }
  try {
    const [answer] = await sendInstances(clinic.agent.port, [instance], callingAeTitle)
    const { status = STORAGE_STATUS.ProcessingFailure, errorComment = '' } = answer ?? {}
    return { ...sent, answer: { status, words: errorComment } }
  } catch (error) {
    return { ...sent, answer: { words: describe(error) } }
  }
}

function account(clinic: Clinic, sent: readonly Sent[]): Crossing[] {
  const stored = new Set(
    storedAtCenter(join(clinic.folder, 'center')).map((one) =>
      key(one.sopInstanceUid, one.transferSyntaxUid, one.dataSetSha256),
    ),
  )
  const { instanceFindings } = clinic.agent.service.status()
  const held = new Set(
    clinic.agent.service.quarantine(sent.length).instances.map(({ callingAeTitle }) => callingAeTitle),
  )
  return sent.map(({ file, callingAeTitle, instance, answer }) => {
    const { sopInstanceUid, transferSyntaxUid, dataSet } = instance
    return {
      file,
      isDicomDir: instance.sopClassUid === DICOMDIR,
      status: answer.status,
      words: answer.words,
      isAtCenter: stored.has(key(sopInstanceUid, transferSyntaxUid, sha256(dataSet))),
      isHeld: held.has(callingAeTitle),
      findings: instanceFindings
        .filter((count) => count.callingAeTitle === callingAeTitle)
        .map(({ finding }) => finding)
        .toSorted(),
    }
  })
}

const key = (sopInstanceUid: string, transferSyntaxUid: string, digest: string): string =>
  `${sopInstanceUid} ${transferSyntaxUid} ${digest}`
