import { DataSetHeadScanner } from '../../dicom/find/data-set-head.ts'
import type { Envelope } from '../../protocol/spool-file.ts'

type Names = Pick<Envelope, 'sopClassUid' | 'sopInstanceUid' | 'studyInstanceUid' | 'seriesInstanceUid'>

/**
 * Reads the UIDs of an edited data set as it leaves. A rule may have changed any UID, and the center refuses an
 * instance if its envelope differs from its data set.
 */
export class EditedNames {
  readonly #scanner: DataSetHeadScanner
  #held: Buffer[] = []

  constructor(transferSyntaxUid: string) {
    this.#scanner = new DataSetHeadScanner(transferSyntaxUid)
  }

  /** Takes the next edited bytes. Returns all bytes so far once the names are known; at most 1 MiB or so is held before. */
  push(pieces: readonly Buffer[]): Buffer[] | undefined {
    let isNamed = false
    for (const piece of pieces) isNamed = this.#scanner.push(piece) || isNamed
    if (isNamed) return [...this.rest(), ...pieces]
    // Copies: the memory of a chunk may be used again.
    this.#held.push(...pieces.map((piece) => Buffer.from(piece)))
    return undefined
  }

  /** Returns the bytes that are held, once. */
  rest(): Buffer[] {
    const held = this.#held
    this.#held = []
    return held
  }

  /** SOP class and instance UID may be absent in a data set; the UIDs of the device's command then count. */
  names({ sopClassUid, sopInstanceUid }: Pick<Names, 'sopClassUid' | 'sopInstanceUid'>): Names {
    const { head } = this.#scanner
    return {
      sopClassUid: head.sopClassUid ?? sopClassUid,
      sopInstanceUid: head.sopInstanceUid ?? sopInstanceUid,
      studyInstanceUid: head.studyInstanceUid ?? '',
      seriesInstanceUid: head.seriesInstanceUid ?? '',
    }
  }
}
