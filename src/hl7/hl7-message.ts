import { Failure } from '../platform/failure.ts'
import { readHl7Text } from './hl7-text.ts'
import { type Separators, unescapeHl7 } from './unescape-hl7.ts'

/** One segment. Fields, repetitions, components and subcomponents count from 1, as in the standard. */
class Hl7Segment {
  readonly name: string
  readonly #fields: readonly string[]
  readonly #separators: Separators
  readonly #encoding: string

  constructor(line: string, separators: Separators, encoding: string) {
    const [name = '', ...fields] = line.split(separators.field)
    this.name = name
    // MSH-1 is the separator itself.
    this.#fields = name === 'MSH' ? [separators.field, ...fields] : fields
    this.#separators = separators
    this.#encoding = encoding
  }

  /** The field as it was sent; empty if it is absent. */
  raw(field: number): string {
    return this.#fields[field - 1] ?? ''
  }

  /** The repetitions of a field as they were sent; none if it is empty. */
  repetitions(field: number): string[] {
    const raw = this.raw(field)
    return raw === '' ? [] : raw.split(this.#separators.repetition)
  }

  /** The first repetition's component and its first subcomponent, without escapes; empty for `""`, which means "no value". */
  value(field: number, component = 1): string {
    return this.component(this.repetitions(field)[0] ?? '', component)
  }

  /** The same of one repetition. */
  component(repetition: string, component: number): string {
    const part = repetition.split(this.#separators.component)[component - 1] ?? ''
    const first = part.split(this.#separators.subcomponent)[0] ?? ''
    return this.unescape(first === '""' ? '' : first)
  }

  /** Takes the escape sequences out of a text (HL7 v2.5.1 §2.7). */
  unescape(text: string): string {
    return unescapeHl7(text, this.#separators, this.#encoding)
  }
}

/** A message with its segments in order. */
export class Hl7Message {
  readonly segments: readonly Hl7Segment[]
  readonly separators: Separators
  readonly encoding: string
  readonly header: Hl7Segment

  private constructor(segments: readonly Hl7Segment[], separators: Separators, encoding: string) {
    const [header] = segments
    if (header === undefined) throw invalid('the message is empty')
    this.segments = segments
    this.separators = separators
    this.encoding = encoding
    this.header = header
  }

  /** Reads the bytes of one message. Throws MESSAGE_INVALID if it does not begin with a usable MSH. */
  static read(bytes: Buffer): Hl7Message {
    const { text, encoding } = readHl7Text(bytes)
    const lines = text.split(/[\r\n]+/).filter((line) => line !== '')
    const separators = separatorsOf(lines[0] ?? '')
    const segments = lines.map((line) => new Hl7Segment(line, separators, encoding))
    return new Hl7Message(segments, separators, encoding)
  }

  /** MSH-9: `ORM^O01`. The third component, the structure, is left out. */
  get type(): string {
    return `${this.header.value(9, 1)}^${this.header.value(9, 2)}`
  }

  /** MSH-10. */
  get controlId(): string {
    return this.header.value(10)
  }

  first(name: string): Hl7Segment | undefined {
    return this.segments.find((segment) => segment.name === name)
  }
}

/** MSH-1 and MSH-2. A separator that MSH-2 leaves out has its usual sign. */
function separatorsOf(header: string): Separators {
  if (!header.startsWith('MSH')) throw invalid('the message does not begin with MSH')
  const field = header[3] ?? ''
  const others = header.slice(4).split(field)[0] ?? ''
  const [component = '', repetition = '~', escape = '\\', subcomponent = '&'] = others
  const all = [field, component, repetition, escape, subcomponent]
  if (all.some((sign) => !/^[!-/:-@[-`{-~]$/.test(sign)) || new Set(all).size < all.length)
    throw invalid('MSH-1 and MSH-2 are not five different separators')
  return { field, component, repetition, escape, subcomponent }
}

const invalid = (found: string): Failure => new Failure('MESSAGE_INVALID', `reading HL7: ${found}`)
