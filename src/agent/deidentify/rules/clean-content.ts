import { TextDecoder } from 'node:util'
import type { DataElement, ElementList } from '../../../dicom/edit/data-set-tree.ts'
import type { ElementPath, PathStep } from '../../../dicom/edit/element-path.ts'
import { attributeOf } from '../../../dicom/vocabulary/attribute.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'
import { plainText, textAt, vrOf } from '../element/element-text.ts'
import type { DeidOption } from '../element/profile.ts'
import { PUBLISHED_CODING_SCHEMES } from './coding-schemes.ts'
import { confidentialityOf } from './confidentiality.ts'
import type { Decision } from './decide-action.ts'
import { identityConcept } from './identity-concepts.ts'

/** Content, Acquisition Context and Specimen Preparation Step Content Item Sequence: their items are content items. */
const CONTENT_SEQUENCES: ReadonlySet<PathStep> = new Set([
  TAG.ContentSequence,
  TAG.AcquisitionContextSequence,
  TAG.SpecimenPreparationStepContentItemSequence,
])
const VALUES: ReadonlySet<Tag> = new Set([
  TAG.DateTime,
  TAG.Date,
  TAG.Time,
  TAG.PersonName,
  TAG.UID,
  TAG.TextValue,
])
/** Text that identifies a code and its edition. */
const TEXT_OF_CODES: ReadonlySet<Tag> = new Set([
  TAG.CodeValue,
  TAG.CodingSchemeDesignator,
  TAG.CodeMeaning,
  TAG.LongCodeValue,
  TAG.URNCodeValue,
  TAG.CodingSchemeVersion,
  TAG.MappingResourceName,
])
const REMOVED_CODE: ReadonlyMap<Tag, string> = new Map([
  [TAG.CodeValue, 'REMOVED'],
  [TAG.CodingSchemeDesignator, '99FERRY'],
  [TAG.CodeMeaning, 'Removed'],
  [TAG.LongCodeValue, 'REMOVED'],
  [TAG.URNCodeValue, 'urn:removed'],
])
const FREE_VRS: ReadonlySet<string> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UN', 'UR', 'UT'])

/** The terms of reports (PS3.3 §C.17.3): closed lists, which may contain a person's name by chance. */
const TERMS: ReadonlyMap<Tag, string> = new Map([
  [
    TAG.RelationshipType,
    'CONTAINS HAS_OBS_CONTEXT HAS_CONCEPT_MOD HAS_PROPERTIES HAS_ACQ_CONTEXT INFERRED_FROM SELECTED_FROM',
  ],
  [
    TAG.ValueType,
    'CODE COMPOSITE CONTAINER TAG.Date DATETIME IMAGE NUM PNAME SCOORD SCOORD3D TABLE TCOORD TEXT TAG.Time UIDREF WAVEFORM',
  ],
  [TAG.ContinuityOfContent, 'SEPARATE CONTINUOUS'],
  [TAG.CompletionFlag, 'PARTIAL COMPLETE'],
  [TAG.VerificationFlag, 'UNVERIFIED VERIFIED'],
])

/** Returns true for a value that the standard itself lists for its element. */
export function isTermOfReports(element: DataElement): boolean {
  const terms = TERMS.get(element.tag)
  return terms !== undefined && terms.split(' ').includes(plainText(element).trim().replaceAll(' ', '_'))
}

/**
 * Decides about an element within content items (PS3.3 §C.17.3), by allow-list: numbers, references, coordinates and
 * codes of published schemes get the ordinary cleaning; free text, and values whose concept is identity, do not.
 * Returns undefined if the ordinary cleaning decides.
 */
export function decideInContent(
  element: DataElement,
  list: ElementList,
  path: ElementPath,
  options: ReadonlySet<DeidOption>,
): (Decision & { readonly value?: string }) | undefined {
  if (!isWithinContent(path)) return undefined
  if (isCode(list)) return decideInCode(element.tag, list)
  const isItem = CONTENT_SEQUENCES.has(path.at(-2) ?? 0)
  if (isItem && isIdentityItem(list, options)) {
    if (VALUES.has(element.tag) || element.tag === TAG.ConceptCodeSequence)
      return content('dummy', 'concept is identity')
    if (element.tag === TAG.MeasuredValueSequence) return content('empty', 'concept is identity')
    // As Acquisition Context has it (PS3.3 §C.7.6.14).
    if (element.tag === TAG.NumericValue) return content('empty', 'concept is identity')
  }
  if (isItem && element.tag === TAG.TextValue)
    return options.has('clean-structured-content')
      ? content('scrub', 'text')
      : content('dummy', 'text without clean-structured-content')
  if (confidentialityOf(element.tag) !== undefined || element.items !== undefined) return undefined
  return FREE_VRS.has(vrOf(element)) ? content('remove', 'free text outside the allow-list') : undefined
}

/** The document's own concept name is not in a sequence of items either. */
function isWithinContent(path: ElementPath): boolean {
  return (
    path.length > 1 &&
    (path[0] === TAG.ConceptNameCodeSequence || path.slice(0, -1).some((tag) => CONTENT_SEQUENCES.has(tag)))
  )
}

const isCode = (list: ElementList): boolean =>
  [TAG.CodeValue, TAG.LongCodeValue, TAG.URNCodeValue].some((tag) => list.find(tag) !== undefined)

function decideInCode(tag: Tag, code: ElementList): (Decision & { readonly value?: string }) | undefined {
  if (PUBLISHED_CODING_SCHEMES.has(textAt(code, TAG.CodingSchemeDesignator))) {
    const isFree = FREE_VRS.has(attributeOf(tag)?.vrs[0] ?? 'UN') && !TEXT_OF_CODES.has(tag)
    return isFree ? content('remove', 'free text outside the allow-list') : undefined
  }
  const value = REMOVED_CODE.get(tag)
  const why = 'code of no published scheme'
  return value === undefined ? content('remove', why) : { ...content('dummy', why), value }
}

/** Judged once per item, before its concept is cleaned: a code of a private scheme loses its meaning then. */
const JUDGED = new WeakMap<ElementList, boolean>()

function isIdentityItem(item: ElementList, options: ReadonlySet<DeidOption>): boolean {
  const before = JUDGED.get(item)
  if (before !== undefined) return before
  const judged = isIdentity(item, options)
  JUDGED.set(item, judged)
  return judged
}

/**
 * Returns true if the item's value identifies a person or place: by its concept, or because it is text of the
 * observation context (TID 1001), which names observers, institutions, procedures and subjects under any code.
 */
function isIdentity(item: ElementList, options: ReadonlySet<DeidOption>): boolean {
  const named = item.find(TAG.ConceptNameCodeSequence)?.items?.[0]?.list
  const concept = named && {
    scheme: textAt(named, TAG.CodingSchemeDesignator),
    code:
      [TAG.CodeValue, TAG.LongCodeValue, TAG.URNCodeValue]
        .map((tag) => textAt(named, tag))
        .find((text) => text !== '') ?? '',
    meaning: meaningOf(named.find(TAG.CodeMeaning)),
  }
  const found = concept && identityConcept(concept, options)
  if (found !== undefined) return found === 'removed'
  return textAt(item, TAG.RelationshipType) === 'HAS OBS CONTEXT' && item.find(TAG.TextValue) !== undefined
}

/** Words are compared as UTF-8 and as GB 18030, regardless of the declared character set. */
function meaningOf(element: DataElement | undefined): string {
  if (element === undefined) return ''
  const read = (encoding: string): string => new TextDecoder(encoding).decode(element.value)
  return element.value.some((byte) => byte >= 0x80)
    ? ['utf-8', 'gb18030'].map(read).join(' ')
    : plainText(element)
}

const content = (action: Decision['action'], why: string): Decision => ({ action, rule: `content: ${why}` })
