import { editDataSet } from '../../../src/dicom/edit/data-set-editor.ts'
import type { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { DataSetHeadScanner } from '../../../src/dicom/find/data-set-head.ts'
import { DataSetReader } from '../../../src/dicom/read/data-set-reader.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { isListedSyntax, TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { tagNamed } from '../../support/instances/tag-named.ts'
import type { Random } from '../../support/random.ts'
import { TRANSFER_SYNTAXES } from './hostile-data-set.ts'
import { segmented } from './hostile-mutation.ts'

const DEFLATED = '1.2.840.10008.1.2.1.99'
/** Patient Comments: no hostile data set has it but by chance. */
const ADDED = tagNamed('PatientComments')

/** Reads whole and in pieces: the same tokens and the same end, and every byte in one token. */
export function readsTheSame(bytes: Buffer, dice: Random): void {
  const syntax = syntaxOf(dice)
  const whole = tokensOf(syntax, [bytes])
  const inPieces = tokensOf(syntax, segmented(bytes, dice))
  if (whole.tokens !== inPieces.tokens || whole.end !== inPieces.end)
    throw new Error(`in pieces it reads otherwise: ${whole.end}, ${inPieces.end}`)
  if (!bytes.subarray(0, whole.bytes.length).equals(whole.bytes))
    throw new Error('its tokens are other bytes')
  if (whole.end === 'whole' && whole.bytes.length !== bytes.length) throw new Error('bytes are in no token')
}

/** Ends in a head, the same whether the bytes come whole or in pieces. */
export function headIsFound(bytes: Buffer, dice: Random): void {
  const syntax = dice.below(8) === 0 ? DEFLATED : syntaxOf(dice)
  const [whole, inPieces] = [[bytes], segmented(bytes, dice)].map((chunks) => {
    const scanner = new DataSetHeadScanner(syntax)
    for (const chunk of chunks) scanner.push(chunk)
    return JSON.stringify(scanner.head)
  })
  if (whole !== inPieces && syntax !== DEFLATED)
    throw new Error(`in pieces the head is ${inPieces}, not ${whole}`)
}

/** Elements that no rule touches keep their bytes. */
export function editsNothing(bytes: Buffer, dice: Random): void {
  const edited = editDataSet(bytes, syntaxOf(dice), { edit: () => {}, large: () => 'keep' })
  if (!edited.equals(bytes)) throw new Error('an edit without rules changed bytes')
}

/** A data set that had one kind of element taken out of it everywhere, and another set, is a data set that reads, without the one and with the other. */
export function editsCleanly(bytes: Buffer, dice: Random): void {
  const syntax = syntaxOf(dice)
  const gone = dice.pick([
    TAG.SOPInstanceUID,
    TAG.SpecificCharacterSet,
    TAG.PatientName,
    TAG.StudyInstanceUID,
  ])
  const take = (list: ElementList): void => {
    list.keep(({ tag }) => tag !== gone)
    for (const { items } of list.elements) for (const item of items ?? []) take(item.list)
  }
  let isSet = false
  const edit = (part: ElementList): void => {
    take(part)
    if (!isSet) part.set(ADDED, 'LO', Buffer.from('FERRY '))
    isSet = true
  }
  const edited = editDataSet(bytes, syntax, { edit, large: ({ tag }) => (tag === gone ? 'remove' : 'keep') })
  // An edit takes a syntax that PS3.6 does not list for explicit VR; a reader may take the first element for another.
  const written = isListedSyntax(syntax) ? syntax : TRANSFER_SYNTAX.RLELossless
  const { tokens, end } = tokensOf(written, [edited])
  if (end !== 'whole') throw new Error(`what was edited does not read: ${end}`)
  const elements = tokens.split(',')
  if (elements.some((one) => one.startsWith(`${gone} `))) throw new Error('a removed element is still there')
  if (!elements.some((one) => one.startsWith(`${ADDED} `))) throw new Error('an added element is not there')
}

/** Those that are not deflated: a reader is pushed what is inflated. */
function syntaxOf(dice: Random): string {
  const syntax = TRANSFER_SYNTAXES[dice.below(TRANSFER_SYNTAXES.length)]
  return syntax === undefined || syntax === DEFLATED ? '1.2.840.10008.1.2.1' : syntax
}

function tokensOf(syntax: string, chunks: readonly Buffer[]): { tokens: string; end: string; bytes: Buffer } {
  const kinds: string[] = []
  const bytes: Buffer[] = []
  const reader = new DataSetReader(syntax, (token) => {
    bytes.push(token.bytes)
    // How many parts a value or a rest comes in is the pieces' doing.
    if (token.kind === 'value' || token.kind === 'rest') {
      if (kinds.at(-1) !== token.kind) kinds.push(token.kind)
    } else if (token.kind === 'element')
      kinds.push(`${token.tag} ${token.vr} ${token.length} ${token.holds} ${token.depth}`)
    else kinds.push(token.kind)
  })
  const end = endOf(() => {
    for (const chunk of chunks) reader.push(chunk)
    reader.finish()
  })
  return { tokens: kinds.join(), end, bytes: Buffer.concat(bytes) }
}

function endOf(read: () => void): string {
  try {
    read()
    return 'whole'
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}
