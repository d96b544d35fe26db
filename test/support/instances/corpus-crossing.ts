import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findFiles } from '../../../src/agent/arrival/import/find-files.ts'
import type { AgentSettings } from '../../../src/config/agent-settings.ts'
import { sendFiles } from '../../../src/console/send/send-files.ts'
import { DataSetHeadScanner } from '../../../src/dicom/find/data-set-head.ts'
import { isStored, STORAGE_STATUS } from '../../../src/dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { isUid } from '../../../src/dicom/vocabulary/uid.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { describe } from '../../../src/platform/failure.ts'
import { sha256, storedAtCenter } from '../centers/stored-at-center.ts'
import { type RawInstance, sendInstances } from '../peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../programs/clinic.ts'
import { type CorpusFile, splitPart10 } from './corpus-files.ts'
import { newUid } from './sealed-instance.ts'

/** An index of files, which never travels by C-STORE. */
const DICOMDIR = '1.2.840.10008.1.3.10'
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const BARE_SYNTAXES = [TRANSFER_SYNTAX.ExplicitVRLittleEndian, TRANSFER_SYNTAX.ImplicitVRLittleEndian]
const SENT_AT_ONCE = 8

/** The fate of one file of the corpus. */
export interface Crossing {
  readonly file: CorpusFile
  readonly isDicomDir: boolean
  /** The status that the device got; undefined if it got no answer to a C-STORE. */
  readonly status: number | undefined
  /** Further words that it got, or why there was no answer. */
  readonly words: string
  /** Whether the center has it byte for byte, under its UIDs. */
  readonly isAtCenter: boolean
  /** The folder of its study at the center; undefined if it is not there. */
  readonly filedUnder: string | undefined
  readonly isHeld: boolean
  /** Oddities that the agent found in it. */
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
 * title is one by file. `settings`: other than the defaults.
 */
export async function crossCorpus(
  files: readonly CorpusFile[],
  settings: Partial<AgentSettings> = {},
): Promise<Crossing[]> {
  const titled = files.map((file, i) => ({ file, callingAeTitle: `F${String(i + 1).padStart(3, '0')}` }))
  await using clinic = await openClinic({ settings })
  const sent: Sent[] = []
  for (let i = 0; i < titled.length; i += SENT_AT_ONCE) {
    const batch = titled.slice(i, i + SENT_AT_ONCE)
    sent.push(...(await Promise.all(batch.map(async (one) => send(clinic, one.file, one.callingAeTitle)))))
  }
  await allSettled(clinic, 180_000)
  return account(clinic, sent)
}

/** The instance that a device would send from a file: its data set, under the UIDs that it names itself, else under invented ones. */
export function asSent(path: string): { instance: RawInstance; isNamed: boolean } {
  const split = splitPart10(path)
  const dataSet = split?.dataSet ?? readFileSync(path)
  const syntaxes = split?.transferSyntaxUid ? [split.transferSyntaxUid] : BARE_SYNTAXES
  for (const transferSyntaxUid of syntaxes) {
    const scanner = new DataSetHeadScanner(transferSyntaxUid)
    scanner.push(dataSet)
    const { sopClassUid: named = split?.sopClassUid, sopInstanceUid = split?.sopInstanceUid } = scanner.head
    // No device can propose a class that is not a UID.
    const sopClassUid = named === undefined || isUid(named) ? named : SECONDARY_CAPTURE
    if (sopClassUid && sopInstanceUid)
      return { instance: { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet }, isNamed: true }
  }
  const [transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian] = syntaxes
  const invented = { sopClassUid: SECONDARY_CAPTURE, sopInstanceUid: newUid(), transferSyntaxUid, dataSet }
  return { instance: invented, isNamed: false }
}

/** A file that is not an instance, and names none, can only be tried as a file: `ferry send` says what it found. */
async function sendAsFile(
  clinic: Clinic,
  { path }: CorpusFile,
  callingAeTitle: string,
): Promise<Sent['answer']> {
  const peer = { host: '127.0.0.1', port: clinic.agent.port, callingAeTitle, calledAeTitle: 'FERRY' }
  const [outcome] = await Array.fromAsync(
    sendFiles(findFiles([path], 'follow'), { ...peer, clock: systemClock }),
  )
  const result = outcome?.result
  if (result?.kind === 'answered') return { status: result.status, words: result.comment }
  return { words: JSON.stringify(result) }
}

/** Why this is not what was promised of such a file; undefined = all is well. */
export function breach({
  file,
  isDicomDir,
  status,
  isAtCenter,
  filedUnder,
  isHeld,
  findings,
}: Crossing): string | undefined {
  const isToldStored = status !== undefined && isStored(status)
  if (file.expect === 'reject' || isDicomDir) {
    if (isToldStored) return 'reported as stored'
    return isAtCenter ? 'stored at the center' : undefined
  }
  if (!isToldStored) return 'refused'
  const isInItsStudy = file.studyInstanceUid === undefined || file.studyInstanceUid === filedUnder
  if (isAtCenter) return isInItsStudy ? undefined : 'in another study'
  if (file.expect === 'odd' && isHeld) return findings.length > 0 ? undefined : 'held without a reason'
  return 'not at the center as it was sent'
}

async function send(clinic: Clinic, file: CorpusFile, callingAeTitle: string): Promise<Sent> {
  const { instance, isNamed } = asSent(file.path)
  const sent = { file, callingAeTitle, instance }
  // Without a declared syntax nothing says how a device would send it.
  if (file.expect === 'reject' && (!isNamed || file.transferSyntaxUid === ''))
    return { ...sent, answer: await sendAsFile(clinic, file, callingAeTitle) }
  try {
    const [answer] = await sendInstances(clinic.agent.port, [instance], callingAeTitle)
    const { status = STORAGE_STATUS.ProcessingFailure, errorComment = '' } = answer ?? {}
    return { ...sent, answer: { status, words: errorComment } }
  } catch (error) {
    return { ...sent, answer: { words: describe(error) } }
  }
}

function account(clinic: Clinic, sent: readonly Sent[]): Crossing[] {
  const stored = new Map(
    storedAtCenter(join(clinic.folder, 'center')).map((one) => [
      key(one.sopInstanceUid, one.transferSyntaxUid, one.dataSetSha256),
      basename(dirname(dirname(one.path))),
    ]),
  )
  const { instanceFindings } = clinic.agent.service.status()
  const held = new Set(
    clinic.agent.service.quarantine(sent.length).instances.map(({ callingAeTitle }) => callingAeTitle),
  )
  return sent.map(({ file, callingAeTitle, instance, answer }) => {
    const { sopInstanceUid, transferSyntaxUid, dataSet } = instance
    const filedUnder = stored.get(key(sopInstanceUid, transferSyntaxUid, sha256(dataSet)))
    return {
      file,
      isDicomDir: instance.sopClassUid === DICOMDIR,
      status: answer.status,
      words: answer.words,
      isAtCenter: filedUnder !== undefined,
      filedUnder,
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
