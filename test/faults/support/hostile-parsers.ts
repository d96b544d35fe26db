import { parseHeader } from '../../../src/age/header.ts'
import { readCommitmentRequest } from '../../../src/dicom/edit/commitment-data-set.ts'
import { readProcedureStep } from '../../../src/dicom/edit/procedure-step-data-set.ts'
import { parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { readText } from '../../../src/dicom/text/text.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { parseUid } from '../../../src/dicom/vocabulary/uid.ts'
import { readStowAnswer } from '../../../src/dicomweb/stow-answer.ts'
import { checkAssociateRequest } from '../../../src/dimse/association/associate-request.ts'
import { answerableMessageId, parseCommandSet, restate } from '../../../src/dimse/wire/command-set.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { claimedAgent, verifyAccessToken } from '../../../src/protocol/access-token.ts'
import { parseJoinCode } from '../../../src/protocol/join-code.ts'
import { verifyKeyList } from '../../../src/protocol/key-list.ts'
import { verifyManifest } from '../../../src/protocol/manifest.ts'
import { parsePackHeader } from '../../../src/protocol/pack.ts'
import { verifyReceipt } from '../../../src/protocol/receipt.ts'
import { newSigningKey } from '../../../src/protocol/signing-key.ts'
import { parseEnvelope, parseTrailer, TRAILER_BYTES } from '../../../src/protocol/spool-file.ts'
import { commitmentDataSet } from '../../support/instances/commitment-data-set.ts'
import { procedureStepDataSet } from '../../support/instances/procedure-step-data-set.ts'
import { vectorBytes, vectorJson } from '../../support/instances/vector.ts'
import { associateRequest, storeCommand } from '../../support/peers/raw-association.ts'
import type { Random } from '../../support/random.ts'
import { editsCleanly, editsNothing, headIsFound, readsTheSame } from './hostile-data-set-reading.ts'

/** One reader of what came from elsewhere: any return and any Failure will do; all else, and what it throws itself, is a fault. */
export interface HostileParser {
  readonly name: string
  /** Begins with these, changed or not; none = data sets as they are built for the conversations. */
  readonly good?: readonly Buffer[]
  read(bytes: Buffer, dice: Random): unknown
}

const IMPLICIT_VR = TRANSFER_SYNTAX.ImplicitVRLittleEndian
const key = newSigningKey()
const vector = (name: string, field: string): Buffer =>
  Buffer.from((vectorJson(name) as Record<string, string>)[field] ?? '')
const spoolFile = vectorBytes('spool-file.bin')
const ageFrom = spoolFile.indexOf('age-encryption.org/v1')
const ageHeader = spoolFile.subarray(ageFrom, spoolFile.indexOf('\n', spoolFile.indexOf('\n---')) + 1)
const STOW_ANSWER = Buffer.from(
  '{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2.3"]}}]},"00081198":{"Value":[{}]}}',
)

/** Pure functions, a case each; signatures are not reached (that costs 5 ms), but everything before them is. */
export const PARSERS: readonly HostileParser[] = [
  { name: 'data-set-reader', read: readsTheSame },
  { name: 'data-set-head', read: headIsFound },
  { name: 'data-set-editor', read: editsNothing },
  { name: 'data-set-editor, editing', read: editsCleanly },
  { name: 'part10', good: [part10()], read: parsePart10Header },
  {
    name: 'storage commitment',
    good: [commitmentDataSet('1.2.3', [{ sopClassUid: '1.2.4', sopInstanceUid: '1.2.5' }])],
    read: (bytes) => readCommitmentRequest(bytes, IMPLICIT_VR),
  },
  {
    name: 'procedure step',
    good: [
      procedureStepDataSet({
        status: 'COMPLETED',
        modality: 'CT',
        studyInstanceUids: ['1.2'],
        series: [{ seriesInstanceUid: '1.2.3', images: ['1.2.3.4'], others: ['1.2.3.5'] }],
      }),
    ],
    read: (bytes) => readProcedureStep(bytes, IMPLICIT_VR),
  },
  { name: 'uid', good: [Buffer.from('1.2.840.10008.1.2')], read: (bytes) => parseUid(latin1(bytes)) },
  {
    name: 'text',
    good: ['陈^伟', 'Müller^Jörg', '김희중', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎'].map((text) => Buffer.from(text)),
    read: (bytes, dice) => readText(bytes, dice.pick(CHARACTER_SETS), dice.pick(['PN', 'LO', 'ST'])),
  },
  { name: 'associate-request', good: [associateRequest().subarray(6)], read: checkLongEnough },
  { name: 'command-set', good: [storeCommand()], read: readCommand },
  { name: 'age header', good: [ageHeader], read: parseHeader },
  { name: 'envelope', good: [spoolFile.subarray(0, 600)], read: parseEnvelope },
  {
    name: 'trailer',
    good: [spoolFile.subarray(-TRAILER_BYTES)],
    read: (bytes) => parseTrailer(bytes, spoolFile.length),
  },
  { name: 'pack header', good: [vectorBytes('pack.bin').subarray(0, 600)], read: parsePackHeader },
  {
    name: 'manifest',
    good: [vector('manifest.json', 'jws')],
    read: (bytes) => verifyManifest(latin1(bytes), [key]),
  },
  {
    name: 'receipt',
    good: [vector('receipt.json', 'jws')],
    read: (bytes) => verifyReceipt(latin1(bytes), [key]),
  },
  {
    name: 'key list',
    good: [vector('key-list.json', 'jws')],
    read: (bytes) =>
      verifyKeyList({ rootKey: key.publicKey.toString('base64url'), jws: latin1(bytes) }, key.kid),
  },
  {
    name: 'access token',
    good: [vector('access-token.json', 'token')],
    read: (bytes) => verifyAccessToken(latin1(bytes), key, key.kid, 0),
  },
  {
    name: 'claimed agent',
    good: [vector('access-token.json', 'token')],
    read: (bytes) => claimedAgent(latin1(bytes)),
  },
  {
    name: 'join code',
    good: [vector('join-code.json', 'text')],
    read: (bytes) => parseJoinCode(latin1(bytes)),
  },
  {
    name: 'STOW answer',
    good: [STOW_ANSWER],
    read: (bytes) =>
      readStowAnswer(
        {
          status: 200,
          contentType: 'application/dicom+json',
          location: undefined,
          retryAfterMs: undefined,
          body: latin1(bytes),
          isWhole: true,
        },
        ['1.2.3'],
      ),
  },
]

const CHARACTER_SETS = [
  '',
  'ISO_IR 100',
  'ISO_IR 192',
  'GB18030',
  'ISO 2022 IR 6\\ISO 2022 IR 87',
  'ISO 2022 IR 58',
  'x',
] as const

/** Returns in words the fault in how a parser ended; undefined = no fault. */
export function faultOf(parser: HostileParser, bytes: Buffer, dice: Random): string | undefined {
  try {
    parser.read(bytes, dice)
    return undefined
  } catch (error) {
    return error instanceof Failure && error.code !== 'INTERNAL'
      ? undefined
      : `${parser.name}: ${String(error)}`
  }
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1')
}

/** The PDU reader lets nothing shorter through. */
function checkLongEnough(bytes: Buffer): unknown {
  return bytes.length < 68 ? undefined : checkAssociateRequest(bytes)
}

function readCommand(bytes: Buffer): void {
  const command = parseCommandSet(bytes)
  const again = parseCommandSet(restate(bytes))
  if (again.commandField !== command.commandField || again.messageId !== command.messageId)
    throw new Error('a restated command says something else')
  answerableMessageId(command)
}

function part10(): Buffer {
  const sealed = Buffer.alloc(132)
  sealed.write('DICM', 128, 'latin1')
  const syntax = Buffer.from('1.2.840.10008.1.2.1\0', 'latin1')
  return Buffer.concat([
    sealed,
    Buffer.from('0200100055491400', 'hex'),
    syntax,
    Buffer.from('080016005549', 'hex'),
  ])
}
