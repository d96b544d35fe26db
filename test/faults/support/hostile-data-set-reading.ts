import { editDataSet } from '../../../src/dicom/data-set-editor.ts'
import { DataSetHeadScanner } from '../../../src/dicom/data-set-head.ts'
import { DataSetReader } from '../../../src/dicom/data-set-reader.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { TRANSFER_SYNTAXES } from './hostile-data-set.ts'
import { type Dice, segmented } from './hostile-mutation.ts'

const DEFLATED = '1.2.840.10008.1.2.1.99'

/** Reads whole and in pieces: the same tokens and the same end, and every byte in one token. */
export function readsTheSame(bytes: Buffer, dice: Dice): void {
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
export function headIsFound(bytes: Buffer, dice: Dice): void {
  const syntax = dice.below(8) === 0 ? DEFLATED : syntaxOf(dice)
  const [whole, inPieces] = [[bytes], segmented(bytes, dice)].map((chunks) => {
    const scanner = new DataSetHeadScanner(syntax)
    for (const chunk of chunks) scanner.push(chunk)
    return JSON.stringify(scanner.head)
  })
  if (whole !== inPieces && syntax !== DEFLATED)
    throw new Error(`in pieces the head is ${inPieces}, not ${whole}`)
}

/** What no rule touches keeps its bytes. */
export function editsNothing(bytes: Buffer, dice: Dice): void {
  const edited = editDataSet(bytes, syntaxOf(dice), { edit: () => {}, large: () => 'keep' })
  if (!edited.equals(bytes)) throw new Error('an edit without rules changed bytes')
}

/** Those that are not deflated: a reader is pushed what is inflated. */
function syntaxOf(dice: Dice): string {
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
