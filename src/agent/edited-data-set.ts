import { inflateRawSync } from 'node:zlib'
import { DataSetEditor, type DataSetEdits } from '../dicom/data-set-editor.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../dicom/transfer-syntax.ts'
import { Failure } from '../platform/failure.ts'
import type { DataSetChange } from './spool-copy.ts'

/** What is deflated is inflated as a whole before it is edited; no device deflates what is larger. */
const DEFLATED_LIMIT_BYTES = 64 * 1024 * 1024
const INFLATED_LIMIT_BYTES = 512 * 1024 * 1024

/**
 * A data set on its way through an editor. `outputSyntax` is asked once the head has been edited, for edits that write
 * pixels in another encoding; what came deflated goes on in explicit VR little endian.
 */
export function editedDataSet(
  transferSyntaxUid: string,
  edits: DataSetEdits,
  outputSyntax: () => string = () => transferSyntaxUid,
): DataSetChange {
  if (transferSyntax(transferSyntaxUid).deflated) return new InflatedDataSet(transferSyntaxUid, edits)
  const editor = new DataSetEditor(transferSyntaxUid, edits)
  return {
    push: (chunk) => editor.push(chunk),
    finish: () => editor.finish(),
    get transferSyntaxUid() {
      return outputSyntax()
    },
  }
}

class InflatedDataSet implements DataSetChange {
  readonly transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian
  readonly #editor: DataSetEditor
  readonly #deflated: Buffer[] = []
  #deflatedBytes = 0

  constructor(transferSyntaxUid: string, edits: DataSetEdits) {
    this.#editor = new DataSetEditor(transferSyntaxUid, edits)
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
