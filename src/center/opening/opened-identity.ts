import { type DataSetHead, DataSetHeadScanner } from '../../dicom/find/data-set-head.ts'
import { DataSetSurvey, type SurveyDoubt } from '../../dicom/find/data-set-survey.ts'
import { type Part10Header, parsePart10Header } from '../../dicom/read/part10.ts'
import { trimUid } from '../../dicom/vocabulary/uid.ts'
import { Failure } from '../../platform/failure.ts'
import type { Envelope } from '../../protocol/spool-file.ts'
import { studyKeyAtCenter, studyKeyOf } from '../../protocol/study-key.ts'

/**
 * The names of an instance as its own data set states them, padding removed; empty if it states none. Without a study UID
 * `studyInstanceUid` is the key of a filing of the agent that brought it.
 */
export interface OpenedNames {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
}

/** Real headers have some 400 bytes; the bytes after the header show where it ends. */
const HEADER_LIMIT_BYTES = 1024 * 1024
const PEEK_BYTES = 8

/**
 * Reads the names of a DICOM file while its plaintext streams past, and compares them with its envelope. The envelope
 * is the agent's statement; the names that the center stores, files and routes by come from here.
 */
export class OpenedIdentity {
  readonly #envelope: Envelope
  readonly #agent: string
  readonly #scanner: DataSetHeadScanner
  readonly #survey: DataSetSurvey
  /** The header, and the first bytes after it. */
  #header: Buffer = Buffer.alloc(0)
  #bytes = 0

  /** Throws DATA_SET_UNREADABLE for an envelope that gives the header an absurd length. */
  constructor(envelope: Envelope, agent: string) {
    if (envelope.part10HeaderBytes > HEADER_LIMIT_BYTES) {
      throw new Failure(
        'DATA_SET_UNREADABLE',
        `opening a member: a DICOM header of ${envelope.part10HeaderBytes} bytes`,
      )
    }
    this.#envelope = envelope
    this.#agent = agent
    this.#scanner = new DataSetHeadScanner(envelope.transferSyntaxUid)
    this.#survey = new DataSetSurvey(envelope.transferSyntaxUid)
  }

  /** Takes the next bytes of the file; resolves with true once {@link names} is available. */
  async push(piece: Buffer): Promise<boolean> {
    const { part10HeaderBytes } = this.#envelope
    const wanted = part10HeaderBytes + PEEK_BYTES - this.#header.length
    if (wanted > 0) this.#header = Buffer.concat([this.#header, piece.subarray(0, wanted)])
    const dataSet = piece.subarray(Math.max(0, part10HeaderBytes - this.#bytes))
    this.#bytes += piece.length
    await this.#survey.push(dataSet)
    return this.#scanner.push(dataSet)
  }

  /**
   * Throws DATA_SET_MISMATCH if the envelope or the file meta information differs from the data set. SOP class and
   * instance may be absent in the data set: the device's C-STORE command then contained them (PS3.4 §B.2.3).
   */
  names(): OpenedNames {
    this.#checkHeader()
    const { head } = this.#scanner
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = this.#envelope
    const studyInstanceUid = this.#studyOrSeries('studyInstanceUid', head)
    const seriesInstanceUid = this.#studyOrSeries('seriesInstanceUid', head)
    const key = studyKeyOf({ ...this.#envelope, studyInstanceUid, seriesInstanceUid })
    return {
      studyInstanceUid: studyKeyAtCenter(key, this.#agent),
      seriesInstanceUid,
      sopInstanceUid: named('sopInstanceUid', head, sopInstanceUid),
      sopClassUid: named('sopClassUid', head, sopClassUid),
      transferSyntaxUid: trimUid(transferSyntaxUid),
    }
  }

  /** Called after the whole file. Returns why a PACS may find other names in it; undefined if it cannot. */
  async finish(): Promise<SurveyDoubt | undefined> {
    const header = this.#checkHeader()
    if (header.isAmbiguous || header.transferSyntaxUid === '')
      return { words: 'its file meta information can be read in several ways', isSecondReading: false }
    return this.#survey.finish(this.#scanner.head)
  }

  discard(): void {
    this.#survey.discard()
  }

  /** An agent leaves out of the envelope what it could not read, and the center does the same. */
  #studyOrSeries(field: 'studyInstanceUid' | 'seriesInstanceUid', head: Readonly<DataSetHead>): string {
    const found = head[field] ?? ''
    const isUnread = found === '' && head.problem !== undefined
    if (!isUnread && found !== trimUid(this.#envelope[field])) throw mismatch(`${field} in the data set`)
    return found
  }

  #checkHeader(): Part10Header {
    const { part10HeaderBytes } = this.#envelope
    // By its length where that is right; else by what follows it, which by chance may look like more header.
    const header =
      parsePart10Header(this.#header.subarray(0, part10HeaderBytes)) ?? parsePart10Header(this.#header)
    if (header === undefined || header.headerBytes !== part10HeaderBytes) {
      throw new Failure(
        'DATA_SET_MISMATCH',
        'opening a member: the DICOM header does not end where its envelope says',
      )
    }
    for (const field of ['sopClassUid', 'sopInstanceUid', 'transferSyntaxUid'] as const) {
      if (header[field] !== '' && header[field] !== trimUid(this.#envelope[field]))
        throw mismatch(`${field} in the file meta information`)
    }
    return header
  }
}

function named(
  field: 'sopClassUid' | 'sopInstanceUid',
  head: Readonly<DataSetHead>,
  inEnvelope: string,
): string {
  const commanded = trimUid(inEnvelope)
  const found = head[field] ?? commanded
  if (found !== commanded) throw mismatch(`${field} in the data set`)
  return found
}

function mismatch(found: string): Failure {
  return new Failure('DATA_SET_MISMATCH', `opening a member: ${found} is not that of its envelope`)
}
