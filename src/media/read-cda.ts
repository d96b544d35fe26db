import { TextDecoder } from 'node:util'
import { SaxesParser } from 'saxes'
import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { problemOf } from './problem-of.ts'
import { readChunks } from './read-chunks.ts'

/** Facts about an HL7 CDA document. */
export interface Cda {
  /** Its `id`: the root, or root^extension, as HL7 Instance Identifier has it (PS3.3 §C.24.2). Undefined if it has none. */
  readonly instanceIdentifier: string | undefined
  readonly title: string | undefined
}

const NAMESPACE = 'urn:hl7-org:v3'
const ROOT = 'ClinicalDocument'
/** A hostile document may nest without end. */
const DEPTH_LIMIT = 1000
const TITLE_LIMIT = 1024
const DECLARED = /^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/
const BYTE_ORDER_MARKS: readonly (readonly [bytes: string, encoding: string])[] = [
  ['\xef\xbb\xbf', 'utf-8'],
  ['\xff\xfe', 'utf-16le'],
  ['\xfe\xff', 'utf-16be'],
]
const PARSE_BYTES = 256 * 1024

/** True for XML whose first element is ClinicalDocument of HL7 version 3. */
export function beginsAsCda(first: Buffer): boolean {
  const encoding = encodingOf(first)
  if (encoding === undefined) return false
  let found: boolean | undefined
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', () => {
    found ??= false
  })
  parser.on('opentag', ({ local, uri }) => {
    found ??= local === ROOT && uri === NAMESPACE
  })
  try {
    const text = new TextDecoder(encoding).decode(first)
    if (!/^\s*</.test(text)) return false
    parser.write(text)
  } catch {
    return found === true
  }
  return found === true
}

export async function missingInCda(source: ByteSource): Promise<string | undefined> {
  return problemOf(() => readCda(source))
}

/** Reads a document to its end. Throws MEDIA_DAMAGED if it is not well-formed, or not in the encoding it declares. */
export async function readCda(source: ByteSource): Promise<Cda> {
  const encoding = encodingOf(await source.read(0, PARSE_BYTES))
  if (encoding === undefined) throw damaged('a CDA', 'its declared encoding is not known')
  const reading = new CdaReading()
  const decoder = new TextDecoder(encoding, { fatal: true })
  for await (const bytes of readChunks(source, { offset: 0, length: source.size })) {
    for (let at = 0; at < bytes.length; at += PARSE_BYTES)
      reading.push(decoded(decoder, bytes.subarray(at, at + PARSE_BYTES)))
  }
  reading.push(decoded(decoder, undefined))
  return reading.finish()
}

/** Follows the elements; only `id` and `title` of the document itself are kept. */
class CdaReading {
  readonly #parser = new SaxesParser({ xmlns: true })
  #depth = 0
  #problem: string | undefined
  #identifier: string | undefined
  #title = ''
  #isInTitle = false

  constructor() {
    this.#parser.on('error', ({ message }) => {
      // Its messages quote names of elements only; a name may still be a patient's in a damaged file.
      this.#problem ??= `it is not well-formed XML at line ${/^\d+/.exec(message)?.[0] ?? this.#parser.line}`
    })
    this.#parser.on('opentag', ({ local, uri, attributes }) => {
      this.#depth++
      if (this.#depth === 1 && (local !== ROOT || uri !== NAMESPACE))
        this.#problem ??= 'its first element is not ClinicalDocument of HL7 version 3'
      if (this.#depth > DEPTH_LIMIT) this.#problem ??= `more than ${DEPTH_LIMIT} elements are nested`
      if (this.#depth !== 2) return
      if (local === 'id') {
        const [root, extension] = [attributes['root']?.value, attributes['extension']?.value]
        if (root) this.#identifier ??= extension ? `${root}^${extension}` : root
      }
      this.#isInTitle = local === 'title'
    })
    this.#parser.on('closetag', () => {
      if (this.#depth === 2) this.#isInTitle = false
      this.#depth--
    })
    this.#parser.on('text', (text) => {
      if (this.#isInTitle && this.#title.length < TITLE_LIMIT) this.#title += text
    })
  }

  push(text: string): void {
    this.#parser.write(text)
    this.#throwProblem()
  }

  finish(): Cda {
    this.#parser.close()
    this.#throwProblem()
    return { instanceIdentifier: this.#identifier, title: this.#title.trim() || undefined }
  }

  #throwProblem(): void {
    if (this.#problem !== undefined) throw damaged('a CDA', this.#problem)
  }
}

function decoded(decoder: TextDecoder, bytes: Buffer | undefined): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
  } catch (error) {
    const found = `its text is not ${decoder.encoding}, which it declares`
    throw new Failure('MEDIA_DAMAGED', `reading a CDA: ${found}`, { cause: error })
  }
}

/** The encoding by byte order mark or declaration, otherwise UTF-8 (XML 1.0 Annex F); undefined for an unknown one. */
function encodingOf(first: Buffer): string | undefined {
  const begin = first.toString('latin1', 0, 256)
  const marked = BYTE_ORDER_MARKS.find(([bytes]) => begin.startsWith(bytes))
  if (marked !== undefined) return marked[1]
  const label = DECLARED.exec(begin.trimStart())?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}
