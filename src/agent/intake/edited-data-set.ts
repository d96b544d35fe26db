import { inflateRawSync } from 'node:zlib'
import { DataSetEditor, type DataSetEdits } from '../../dicom/edit/data-set-editor.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../platform/failure.ts'
import type { OutputCheck } from '../deidentify/output/output-check.ts'
import type { DataSetChange } from './treatment.ts'

/** A deflated data set is inflated as a whole before it is edited; no device deflates a larger one. */
const DEFLATED_LIMIT_BYTES = 64 * 1024 * 1024
const INFLATED_LIMIT_BYTES = 512 * 1024 * 1024

/**
 * Passes a data set through an editor. `outputSyntax` is asked once the head has been edited, for edits that encode
 * pixels again; a deflated data set leaves in explicit VR little endian. `check` sees the bytes before and after
 * editing, and may refuse the result at the end.
 */
export function editedDataSet(
  transferSyntaxUid: string,
  edits: DataSetEdits,
  outputSyntax: () => string = () => transferSyntaxUid,
  check?: OutputCheck,
): DataSetChange {
  const plain = new DataSetEditor(transferSyntaxUid, edits)
  const editor = check === undefined ? plain : new CheckedEditor(plain, check)
  if (transferSyntax(transferSyntaxUid).deflated) return new InflatedDataSet(editor)
  return {
    push: (chunk) => editor.push(chunk),
    finish: () => editor.finish(),
    get transferSyntaxUid() {
      return outputSyntax()
    },
  }
}

type Editor = Pick<DataSetEditor, 'push' | 'finish'>

/** Throws at the end if the copy is not whole, before its last bytes are handed out. */
class CheckedEditor implements Editor {
  readonly #editor: Editor
  readonly #check: OutputCheck

  constructor(editor: Editor, check: OutputCheck) {
    this.#editor = editor
    this.#check = check
  }

  push(chunk: Buffer): Buffer[] {
    this.#check.took(chunk)
    return this.#gave(this.#editor.push(chunk))
  }

  finish(): Buffer[] {
    const last = this.#gave(this.#editor.finish())
    this.#check.finish()
    return last
  }

  #gave(pieces: Buffer[]): Buffer[] {
    this.#check.gave(pieces)
    return pieces
  }
}

class InflatedDataSet implements DataSetChange {
  readonly transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian
  readonly #editor: Editor
  readonly #deflated: Buffer[] = []
  #deflatedBytes = 0

  constructor(editor: Editor) {
    this.#editor = editor
  }

  push(chunk: Buffer): Buffer[] {
    this.#deflatedBytes += chunk.length
    if (this.#deflatedBytes > DEFLATED_LIMIT_BYTES) {
      throw new Failure('DEID_WITHHELD', `editing a deflated data set: over ${DEFLATED_LIMIT_BYTES} bytes`)
    }
    this.#deflated.push(chunk)
    return []
  }

  finish(): Buffer[] {
    return [...this.#editor.push(this.#inflate()), ...this.#editor.finish()]
  }

  #inflate(): Buffer {
    try {
      return inflateRawSync(Buffer.concat(this.#deflated), { maxOutputLength: INFLATED_LIMIT_BYTES })
    } catch (error) {
      throw new Failure('DATA_SET_UNREADABLE', 'inflating a data set: it is not deflated, or far too large', {
        cause: error,
      })
    }
  }
}
