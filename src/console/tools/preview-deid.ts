import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInflateRaw } from 'node:zlib'
import { Deidentification, type DeidentificationOptions } from '../../agent/deidentify/deidentification.ts'
import { textAt } from '../../agent/deidentify/element/element-text.ts'
import type { OutputCheck } from '../../agent/deidentify/output/output-check.ts'
import type { DeidAudit } from '../../agent/deidentify/rules/deid-audit.ts'
import { DataSetEditor } from '../../dicom/edit/data-set-editor.ts'
import { encodePart10Header, type Part10Header, parsePart10Header } from '../../dicom/read/part10.ts'
import { TAG } from '../../dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX, transferSyntax } from '../../dicom/vocabulary/transfer-syntax.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import { OutputFile } from '../session/output-file.ts'
import { type PreviewStep, PreviewSteps } from './preview-steps.ts'

export interface Preview {
  readonly steps: readonly PreviewStep[]
  /** SHA-256 of the data set; `after` only of one that may leave. */
  readonly digests: { readonly before: string; readonly after: string } | undefined
  readonly audit: DeidAudit
  /** Undefined if it may leave, otherwise the reason why it stays. */
  readonly withheld: Failure | undefined
}

interface PreviewOptions
  extends Pick<DeidentificationOptions, 'profile' | 'key' | 'source' | 'codecs' | 'studies'> {
  readonly path: string
  readonly showValues: boolean
  /** A new DICOM file that the result is written to. */
  readonly output?: string | undefined
}

const CHUNK_BYTES = 256 * 1024

/**
 * De-identifies a DICOM file as the agent would, and reports what happens to each element. A withheld instance is a
 * result; a file that cannot be read throws. The output file stays only if the instance may leave.
 */
export async function previewDeid(options: PreviewOptions): Promise<Preview> {
  const { path, output, showValues } = options
  const header = await readPart10Header(path).catch((error: unknown) => {
    throw failureFrom(error, 'DATA_SET_UNREADABLE', `reading ${path}`)
  })
  const run = new PreviewRun(options, header, new PreviewSteps(showValues))
  await using file = output === undefined ? undefined : await OutputFile.create(output)
  try {
    const digests = await run.pass(path, file)
    file?.keep()
    return { ...run.outcome(), digests, withheld: undefined }
  } catch (error) {
    if (!(error instanceof Failure) || !WITHHOLDING.has(error.code)) throw error
    return { ...run.outcome(), digests: undefined, withheld: error }
  }
}

const WITHHOLDING: ReadonlySet<string> = new Set(['DEID_WITHHELD', 'DATA_SET_UNREADABLE'])

class PreviewRun {
  readonly #header: Part10Header
  readonly #steps: PreviewSteps
  readonly #deid: Deidentification
  readonly #editor: DataSetEditor
  readonly #check: OutputCheck
  #sopInstanceUid = ''
  #isBegun = false

  constructor(
    { profile, key, source, codecs, studies }: PreviewOptions,
    header: Part10Header,
    steps: PreviewSteps,
  ) {
    this.#header = header
    this.#steps = steps
    const { sopClassUid } = header
    // A deflated data set is written inflated: pieces of a deflate stream cannot be changed.
    const transferSyntaxUid = transferSyntax(header.transferSyntaxUid).deflated
      ? TRANSFER_SYNTAX.ExplicitVRLittleEndian
      : header.transferSyntaxUid
    const onStep = steps.take.bind(steps)
    const deid = new Deidentification({
      profile,
      key,
      source,
      codecs,
      studies,
      sopClassUid,
      transferSyntaxUid,
      onStep,
    })
    this.#deid = deid
    this.#check = deid.outputCheck()
    this.#editor = new DataSetEditor(transferSyntaxUid, {
      dropRest: deid.dropRest,
      edit: (part) => {
        deid.edit(part)
        steps.settle(part)
        this.#sopInstanceUid ||= textAt(part, TAG.SOPInstanceUID)
      },
      large: (element) => deid.large(element),
    })
  }

  outcome(): Pick<Preview, 'steps' | 'audit'> {
    return { steps: this.#steps.all, audit: this.#deid.audit() }
  }

  async pass(path: string, file: OutputFile | undefined): Promise<{ before: string; after: string }> {
    const { headerBytes, transferSyntaxUid } = this.#header
    const [before, after] = [createHash('sha256'), createHash('sha256')]
    const source = createReadStream(path, { start: headerBytes, highWaterMark: CHUNK_BYTES })
    source.on('data', (chunk) => before.update(chunk))
    const dataSet = transferSyntax(transferSyntaxUid).deflated ? source.pipe(createInflateRaw()) : source
    const take = async (pieces: readonly Buffer[]): Promise<void> => {
      this.#check.gave(pieces)
      for (const piece of pieces) {
        after.update(piece)
        await this.#write(piece, file)
      }
    }
    for await (const chunk of dataSet) {
      this.#check.took(chunk)
      await take(this.#editor.push(Buffer.from(chunk)))
    }
    await take(this.#editor.finish())
    this.#check.finish()
    return { before: before.digest('hex'), after: after.digest('hex') }
  }

  /** The beginning of the file is known only after the head of the data set has been edited. */
  async #write(piece: Buffer, file: OutputFile | undefined): Promise<void> {
    if (!this.#isBegun) {
      this.#isBegun = true
      const { transferSyntaxUid } = this.#deid
      const sopInstanceUid = this.#sopInstanceUid || this.#deid.uid(this.#header.sopInstanceUid)
      const { sopClassUid } = this.#header
      await file?.push(encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid }))
    }
    await file?.push(piece)
  }
}

const FIRST_BYTES = 64 * 1024

/** Reads the header before a DICOM file's data set. Throws DATA_SET_UNREADABLE, and errors of the file system. */
async function readPart10Header(path: string): Promise<Part10Header> {
  await using file = await open(path, 'r')
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
    const header = parsePart10Header(buffer.subarray(0, bytesRead))
    if (header !== undefined) return header
    if (bytesRead < bytes) throw new Failure('DATA_SET_UNREADABLE', 'reading the file: it is cut short')
  }
}
