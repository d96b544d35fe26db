import { isUid } from '../../dicom/vocabulary/uid.ts'
import { textWithoutPadding } from '../wire/wire-text.ts'
import { encodeItem, type Item, invalidRequest, splitItems } from './associate-items.ts'
import type { ContextAnswer } from './association.ts'

/** PS3.8 §9.3.2.2 */
const PRESENTATION_CONTEXT = 0x20
const ABSTRACT_SYNTAX = 0x30
const TRANSFER_SYNTAX = 0x40

const MAX_CONTEXTS = 128

/** Replaces a context that cannot be agreed on, so that dcmjs-dimse keeps its ID in the answer. */
const STAND_IN = Buffer.concat([
  encodeItem(ABSTRACT_SYNTAX, Buffer.from('2.25.0')).whole,
  encodeItem(TRANSFER_SYNTAX, Buffer.from('1.2.840.10008.1.2')).whole,
])

/** A context that breaks PS3.8: it is refused alone, with result 3 or 4 (PS3.8 §9.3.3.2). */
export interface BrokenContext {
  readonly refused: Extract<ContextAnswer, { refused: unknown }>['refused']
  /** The fault, in words. */
  readonly words: string
}

interface ProposedContexts {
  /** Ascending by ID, each with one abstract syntax and then its transfer syntaxes. */
  readonly items: readonly Item[]
  /** By ID. */
  readonly broken: ReadonlyMap<number, BrokenContext>
}

/**
 * Reads the presentation context items of an A-ASSOCIATE-RQ. Throws PROTOCOL_VIOLATION if they cannot be answered one by
 * one: more than 128, an even ID, or one ID twice.
 */
export function readContexts(contexts: readonly Item[]): ProposedContexts {
  if (contexts.length > MAX_CONTEXTS)
    throw invalidRequest(`${contexts.length} presentation contexts, and at most ${MAX_CONTEXTS} are allowed`)
  const ids = contexts.map(checkedId)
  const repeated = ids.find((id, i) => ids.indexOf(id) !== i)
  if (repeated !== undefined) throw invalidRequest(`the presentation context ID ${repeated} is used twice`)
  const broken = new Map<number, BrokenContext>()
  const items = contexts.map((context, i) => {
    const [id = 0, read] = [ids[i], readContext(context)]
    if ('syntaxes' in read) return withId(id, read.syntaxes)
    broken.set(id, read)
    return withId(id, STAND_IN)
  })
  return { items: items.toSorted((a, b) => idOf(a) - idOf(b)), broken }
}

/**
 * Describes the faults of the contexts that are refused alone, as a sentence about their proposer. Returns undefined if
 * no context was refused.
 */
export function brokenContextWords(broken: ReadonlyMap<number, BrokenContext>): string | undefined {
  const [first, ...more] = broken
  if (first === undefined) return undefined
  const [id, { words }] = first
  const others = more.length === 0 ? '' : `, and ${more.length} more contexts break it too`
  return `its presentation context ${id} breaks the DICOM standard (PS3.8 §9.3.2.2) and is refused: ${words}${others}`
}

function checkedId(context: Item): number {
  if (context.value.length === 0) throw invalidRequest('a presentation context has no ID')
  const id = idOf(context)
  if (id % 2 === 0)
    throw invalidRequest(`the presentation context ID ${id} is even, and only odd ones are allowed`)
  return id
}

const idOf = ({ value }: Item): number => value.readUInt8(0)

const withId = (id: number, syntaxes: Buffer): Item =>
  encodeItem(PRESENTATION_CONTEXT, Buffer.concat([Buffer.of(id, 0, 0, 0), syntaxes]))

function readContext({ value }: Item): { readonly syntaxes: Buffer } | BrokenContext {
  const items = subItems(value)
  if (items === undefined)
    return { refused: 'abstract-syntax', words: 'its items are longer or shorter than their lengths say' }
  const [abstract, ...more] = items.filter(({ type }) => type === ABSTRACT_SYNTAX)
  if (abstract === undefined) return { refused: 'abstract-syntax', words: 'it has no abstract syntax' }
  if (more.length > 0) return { refused: 'abstract-syntax', words: 'it has more than one abstract syntax' }
  if (!holdsName(abstract))
    return { refused: 'abstract-syntax', words: `its abstract syntax is ${shown(abstract)}, not a UID` }
  const proposed = items.filter(({ type }) => type === TRANSFER_SYNTAX)
  const transfers = proposed.filter(holdsUid)
  const [first] = proposed
  if (first === undefined) return { refused: 'transfer-syntaxes', words: 'it has no transfer syntax' }
  if (transfers.length === 0)
    return { refused: 'transfer-syntaxes', words: `its transfer syntax is ${shown(first)}, not a UID` }
  return { syntaxes: Buffer.concat([abstract.whole, ...transfers.map(({ whole }) => whole)]) }
}

/** Returns undefined if the items do not fill the context; the next context can still be read. */
function subItems(value: Buffer): readonly Item[] | undefined {
  try {
    return value.length < 4 ? undefined : splitItems(value.subarray(4))
  } catch {
    return undefined
  }
}

/** Some devices propose the name of a SOP class in place of its UID: their images are taken all the same. */
const holdsName = ({ value }: Item): boolean => /^[\x21-\x7e]{1,64}$/.test(textWithoutPadding(value))

const holdsUid = ({ value }: Item): boolean => isUid(textWithoutPadding(value))

function shown({ value }: Item): string {
  const text = textWithoutPadding(value)
  if (text === '') return 'empty'
  return JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64))
}
