import { isOfNoPatient } from '../../dicom/check/check-identifiers.ts'
import type { DataSetEdits, ValueTransform } from '../../dicom/edit/data-set-editor.ts'
import type { DataElement, ElementList } from '../../dicom/edit/data-set-tree.ts'
import { type ElementPath, stepOf } from '../../dicom/edit/element-path.ts'
import type { ElementToken } from '../../dicom/read/data-set-token.ts'
import { encodingOf } from '../../dicom/read/element-header.ts'
import { isPrivate, isPrivateCreator, privateCreatorTag } from '../../dicom/vocabulary/attribute.ts'
import { TAG, type Tag } from '../../dicom/vocabulary/tag.ts'
import { transferSyntax } from '../../dicom/vocabulary/transfer-syntax.ts'
import { TEXT_VRS } from '../../dicom/vocabulary/value-representation.ts'
import { dummyInPlace, dummyValue, oneDummyCode } from './element/dummy-value.ts'
import { characterSetOf, paddingOf, plainText, textAt, vrOf } from './element/element-text.ts'
import { type InstanceFacts, readFacts } from './element/instance-facts.ts'
import { removeUnusedCreators } from './element/private-creators.ts'
import type { DeidProfile, DeidSource } from './element/profile.ts'
import type { KnownValues } from './names/known-value-search.ts'
import { collectKnownValues } from './names/known-values.ts'
import type { KnownValuesCache } from './names/known-values-cache.ts'
import { mayNameSomebody, NUMBERS_IN_TEXT, saysNoNumber } from './names/may-name-somebody.ts'
import { WatchedValue } from './names/raw-value-search.ts'
import {
  checkFitsVr,
  checkNamesPatient,
  checkNothingIsSwallowed,
  isHollowSequence,
} from './output/misread.ts'
import { OutputCheck } from './output/output-check.ts'
import type { PixelCodecs } from './pixels/pixel-codec.ts'
import { type PixelTreatment, roleInPixelGroup } from './pixels/pixel-treatment.ts'
import { choosePixelTreatment } from './pixels/treat-pixels.ts'
import { decideInContent, isTermOfReports } from './rules/clean-content.ts'
import { confidentialityOf } from './rules/confidentiality.ts'
import { type Decision, type Decisions, decisionsBy, ownRuleFor } from './rules/decide-action.ts'
import { scrubCodes } from './rules/defined-terms.ts'
import { type DeidAudit, DeidCounter } from './rules/deid-audit.ts'
import { markDeidentified } from './rules/mark-deidentified.ts'
import { ownDays } from './rules/own-days.ts'
import { identityOf } from './rules/patient-identity.ts'
import type { ProjectKey } from './rules/project-key.ts'
import { capAge, shiftDates } from './rules/shift-date.ts'
import type { StudyPersons } from './rules/study-persons.ts'
import { type Link, type LinkedValues, readLinkedValues } from './rules/who-is-who.ts'

/** One step of the preview: what happens to an element, and by which rule. */
export interface DeidStep extends Decision {
  readonly path: ElementPath
  readonly vr: string
  /** The element before any change; undefined if it is too large to be held. */
  readonly element: DataElement | undefined
  readonly characterSet: string
}

export interface DeidentificationOptions {
  readonly profile: DeidProfile
  readonly key: ProjectKey
  readonly source: DeidSource
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  /** Without them, an instance that needs masking in a compressed form other than RLE is withheld. */
  readonly codecs?: PixelCodecs | undefined
  /** Known values of recent patients: every slice of a study is searched for the same values. */
  readonly knownValues?: KnownValuesCache | undefined
  /** Without it, each instance alone decides who its patient is. */
  readonly studies?: StudyPersons | undefined
  /** Called once with the linked values, after the head has been edited. */
  readonly onLink?: ((link: Link) => void) | undefined
  /** Called for each element, for the preview. */
  readonly onStep?: (step: DeidStep) => void
}

/** The context of all elements of a list. */
interface Around {
  readonly characterSet: string
  readonly facts: InstanceFacts
}

/** Replaced by pseudonyms rather than emptied, so that one patient stays one patient and two stay two. */
const PSEUDONYMS: ReadonlyMap<Tag, string> = new Map([
  [TAG.PatientName, 'patient'],
  [TAG.PatientID, 'patient'],
  [TAG.AccessionNumber, 'accession'],
])
const CREATOR: Decision = { action: 'keep', rule: 'private creator of what stays' }
const PRIVATE: Decision = { action: 'remove', rule: 'private' }
const SAFE_VALUE: Decision = { action: 'keep', rule: 'retain-safe-private' }
const SAFE_SEQUENCE: Decision = { action: 'clean-items', rule: 'retain-safe-private' }
const OVERLAY_DATA = 0x3000
/** No real text is longer; searching one of 60 MiB takes half a minute, in which no other device is served. */
const SEARCHED_BYTES = 1024 * 1024
const NOTHING = Buffer.alloc(0)
const PIXEL_GROUP = 0x7fe0
/** UIDs assigned by the standard itself: classes, syntaxes, frames of reference of atlases. */
const STANDARD_UIDS = '1.2.840.10008.'

/**
 * De-identifies one instance as it streams through a {@link DataSetEditor}: PS3.15 annex E with a profile's options,
 * the clinic's own rules, and a search for the patient's known values in the values that stay. Throws DEID_WITHHELD for
 * content that cannot be cleaned, DATA_SET_UNREADABLE for bytes that cannot be read; then no byte of the instance may
 * leave by this route.
 */
export class Deidentification implements DataSetEdits {
  readonly dropRest = true
  readonly #options: DeidentificationOptions
  readonly #counter = new DeidCounter()
  readonly #decisions: Decisions
  #facts: InstanceFacts | undefined
  /** The mark of the instance's patient. */
  #person = ''
  #hadPatientId = false
  #known: KnownValues | undefined
  #pixels: PixelTreatment | undefined

  constructor(options: DeidentificationOptions) {
    this.#options = options
    this.#decisions = decisionsBy(options.profile.options)
  }

  /** Returns the new UID of an instance, series or study, if the profile replaces UIDs. */
  uid(original: string): string {
    return this.#options.profile.options.has('retain-uids') ? original : this.#newUid(original)
  }

  /**
   * The transfer syntax of the copy, which differs if pixels had to be encoded again. Known after the head has been
   * edited.
   */
  get transferSyntaxUid(): string {
    return this.#pixels?.transferSyntaxUid ?? this.#options.transferSyntaxUid
  }

  /** A second reading of input and output, which finds the mistakes of the first. */
  outputCheck(): OutputCheck {
    const { transferSyntaxUid, profile } = this.#options
    const encodesFrames = (): boolean => this.#pixels?.encodesFrames ?? false
    return new OutputCheck({ transferSyntaxUid, rules: profile.rules, encodesFrames })
  }

  /** Returns the record of the changes, without any value. Call it after the whole data set has passed. */
  audit(): DeidAudit {
    const { profile } = this.#options
    return this.#counter.audit(profile, this.#pixels?.areClean ?? false)
  }

  edit(part: ElementList, before?: ElementToken): void {
    const isHead = this.#facts === undefined
    if (isHead && !isOfNoPatient(this.#options.sopClassUid)) {
      checkNamesPatient(part)
      checkNothingIsSwallowed(part, before !== undefined)
    }
    const { profile, sopClassUid, source, transferSyntaxUid, codecs } = this.#options
    const facts = (this.#facts ??= readFacts(part, sopClassUid, source))
    if (isHead) {
      this.#person = this.#personOf(part)
      this.#hadPatientId = part.find(TAG.PatientID) !== undefined
      const days = profile.options.has('retain-long-full-dates') ? [] : ownDays(part)
      this.#known = collectKnownValues(part, facts.characterSet, this.#options.knownValues, days)
      this.#pixels = choosePixelTreatment(part, facts, profile, transferSyntaxUid, codecs)
    }
    const original = isHead && this.#options.onLink ? readLinkedValues(part, facts.characterSet) : undefined
    this.#clean(part, [], facts.characterSet, facts)
    if (!isHead) return
    this.#pixels?.adapt(part)
    this.#addPatientId(part)
    markDeidentified(part, profile, this.#pixels?.areClean ?? false)
    if (original !== undefined) this.#options.onLink?.(this.#link(original, part, facts))
  }

  /** Patient ID is of Type 2 (PS3.3 §C.7.1.1); a PACS treats a missing one as empty. */
  #addPatientId(head: ElementList): void {
    const isThere = this.#hadPatientId || isOfNoPatient(this.#options.sopClassUid)
    if (!isThere)
      head.set(TAG.PatientID, 'LO', Buffer.from(this.#options.key.pseudonym('patient', this.#person)))
  }

  large(element: ElementToken): 'keep' | 'remove' | ValueTransform {
    if (element.tag >>> 16 === PIXEL_GROUP) return this.#treatPixels(element)
    const { profile } = this.#options
    const decision = this.#decisions(element.tag, element.vr ?? 'OB', false)
    const own = this.#facts && ownRuleFor(profile.rules, [element.tag], false, this.#facts)
    const taken = own ?? decision
    this.#counter.count(taken)
    this.#tell(taken, [element.tag], element.vr ?? '', undefined, '')
    if (taken.action === 'keep' && !TEXT_VRS.has(element.vr ?? '')) return 'keep'
    if (taken.action === 'remove') return 'remove'
    // A value that cannot be examined as a whole is not kept.
    return dummyInPlace(element, encodingOf(transferSyntax(this.#options.transferSyntaxUid)))
  }

  /** Uncompressed samples are accepted as samples; everything else is searched as it passes. */
  #treatPixels(element: ElementToken): 'keep' | 'remove' | ValueTransform {
    const { encodesFrames = false } = this.#pixels ?? {}
    const treatment = this.#pixels?.treat(element) ?? 'remove'
    const areSamples = roleInPixelGroup(element.tag) === 'pixels' && element.holds === 'value'
    const isWatched = !areSamples && !encodesFrames && !this.#options.profile.passDocuments
    if (treatment === 'remove' || !isWatched || this.#known === undefined) return treatment
    return new WatchedValue(treatment === 'keep' ? undefined : treatment, this.#known.raw)
  }

  #personOf(head: ElementList): string {
    const { key, studies } = this.#options
    const own = key.mark(identityOf(head))
    const study = textAt(head, TAG.StudyInstanceUID)
    // Unidentified patients whose studies have no UID do not share a study.
    return study === '' || studies === undefined ? own : studies.personOf(key.mark(`study\0${study}`), own)
  }

  #link(original: LinkedValues, part: ElementList, { characterSet }: InstanceFacts): Link {
    const replacement = readLinkedValues(part, characterSet)
    const areShifted = this.#options.profile.options.has('retain-long-modified-dates')
    return {
      original,
      replacement,
      ...(areShifted && { shiftedDays: this.#options.key.dayShift(this.#person) }),
    }
  }

  #clean(list: ElementList, path: ElementPath, declared: string, facts: InstanceFacts): void {
    const characterSet = characterSetOf(list, declared)
    const around = { characterSet, facts }
    let overlays: Set<number> | undefined
    for (const element of list.elements) {
      const here = this.#needsPath(element, path) ? [...path, stepOf(element, list)] : path
      const decision = this.#decide(element, list, here, facts)
      this.#counter.count(decision)
      this.#tell(decision, here, vrOf(element), element, characterSet)
      this.#apply(element, list, decision, here, around)
      if (isOverlay(element.tag) && list.find(element.tag) === undefined)
        (overlays ??= new Set()).add(element.tag >>> 16)
    }
    // An overlay without its bits is not an overlay.
    if (overlays !== undefined) list.keep(({ tag }) => !(overlays?.has(tag >>> 16) ?? false))
    removeUnusedCreators(list)
  }

  /** Most elements of the data set itself are decided by their tag alone. */
  #needsPath(element: DataElement, around: ElementPath): boolean {
    const { profile, onStep } = this.#options
    return (
      around.length > 0 || element.items !== undefined || profile.rules.length > 0 || onStep !== undefined
    )
  }

  #decide(
    element: DataElement,
    list: ElementList,
    path: ElementPath,
    facts: InstanceFacts,
  ): Decision & { value?: string } {
    const { profile } = this.#options
    const own = ownRuleFor(profile.rules, path, element.items !== undefined, facts)
    if (own !== undefined) return own
    if (isPrivate(element.tag)) return this.#decidePrivate(element, list)
    const inContent = decideInContent(element, list, path, profile.options)
    if (inContent !== undefined) return inContent
    return this.#decisions(element.tag, vrOf(element), element.items !== undefined)
  }

  /** Private creators stay until it is known whether any of their elements stays. */
  #decidePrivate({ tag, items }: DataElement, list: ElementList): Decision {
    const { options, safePrivate } = this.#options.profile
    if (isPrivateCreator(tag)) return CREATOR
    const creator = plainText(list.find(privateCreatorTag(tag))).trim()
    const isSafe =
      options.has('retain-safe-private') &&
      safePrivate.some(
        (block) =>
          block.group === tag >>> 16 && block.creator === creator && block.elements.includes(tag & 0xff),
      )
    if (!isSafe) return PRIVATE
    return items === undefined ? SAFE_VALUE : SAFE_SEQUENCE
  }

  #apply(
    element: DataElement,
    list: ElementList,
    decision: Decision & { value?: string },
    path: ElementPath,
    around: Around,
  ): void {
    const vr = vrOf(element)
    if (decision.action !== 'remove' && isHollowSequence(element)) return
    switch (decision.action) {
      case 'remove':
      case 'clean-graphics':
        return list.remove(element)
      case 'empty':
        return this.#empty(element, vr)
      case 'dummy':
        return this.#dummy(element, vr, decision.value)
      case 'uid':
        checkFitsVr(element, vr)
        return element.replace(this.#uids(plainText(element)), 0)
      case 'shift-date':
        return this.#shift(element, list, vr)
      case 'clean-items':
      case 'clean-content':
        return this.#cleanItems(element, path, around)
      case 'keep':
      case 'scrub':
        checkFitsVr(element, vr)
        return this.#keep(element, vr, around)
    }
  }

  #keep(element: DataElement, vr: string, { characterSet }: Around): void {
    if (element.items !== undefined) return
    if (element.tag === TAG.PatientAge && this.#options.profile.capAges)
      return element.replace(Buffer.from(capAge(plainText(element)), 'latin1'))
    if (mayNameSomebody(element, vr)) return this.#keepNumber(element, vr, characterSet)
    if (!TEXT_VRS.has(vr) && !isPrivate(element.tag))
      return NUMBERS_IN_TEXT.has(vr) ? undefined : this.#known?.raw.checkNumbers(element)
    if (isTermOfReports(element)) return
    if (isPrivate(element.tag) && this.#shiftsDates && (vr === 'DA' || vr === 'DT'))
      return element.replace(Buffer.from(this.#shifted(element) ?? '', 'latin1'))
    if (element.value.length > SEARCHED_BYTES) return element.replace(dummyValue(vr), paddingOf(vr))
    const known = this.#known
    if (known === undefined) return
    const { value } = element
    const hasTerms = vr === 'CS' && !isPrivate(element.tag)
    const scrubbed = hasTerms
      ? scrubCodes(value, (one) => known.scrub(one, characterSet, vr))
      : known.scrub(value, characterSet, vr)
    if (scrubbed === value) return
    this.#counter.scrubbed()
    element.replace(scrubbed, paddingOf(vr))
  }

  /** A number or date that contains a known value is replaced as a whole. */
  #keepNumber(element: DataElement, vr: string, characterSet: string): void {
    const { value } = element
    if ((this.#known?.scrub(value, characterSet, 'LO') ?? value) === value) return
    this.#counter.scrubbed()
    element.replace(dummyValue(vr))
  }

  #empty(element: DataElement, vr: string): void {
    if (element.items !== undefined) element.items.length = 0
    else if (PSEUDONYMS.has(element.tag)) this.#dummy(element, vr, undefined)
    else element.replace(NOTHING)
  }

  #dummy(element: DataElement, vr: string, value: string | undefined): void {
    if (element.items !== undefined) return oneDummyCode(element)
    const kind = PSEUDONYMS.get(element.tag)
    if (value !== undefined) return element.replace(Buffer.from(value), paddingOf(vr))
    if (kind === undefined)
      return element.replace(vr === 'UI' ? this.#uids(plainText(element)) : dummyValue(vr), paddingOf(vr))
    const original = kind === 'patient' ? this.#person : plainText(element).trim()
    // A patient without an ID gets a pseudonym as ID: a PACS joins patients whose IDs are empty or equal.
    element.replace(original === '' ? NOTHING : Buffer.from(this.#options.key.pseudonym(kind, original)))
  }

  #shift(element: DataElement, list: ElementList, vr: string): void {
    if (vr === 'TM') return saysNoNumber(element) ? element.replace(NOTHING) : undefined
    const shifted = this.#shifted(element)
    if (shifted !== undefined) element.replace(Buffer.from(shifted, 'latin1'))
    // An attribute that may be of Type 2 stays, empty (PS3.5 §7.4.3).
    else if (confidentialityOf(element.tag)?.basic.includes('Z') ?? false) element.replace(NOTHING)
    else list.remove(element)
  }

  /** Returns undefined for a value that is not a date. */
  #shifted(element: DataElement): string | undefined {
    return shiftDates(plainText(element), this.#options.key.dayShift(this.#person))
  }

  get #shiftsDates(): boolean {
    return this.#options.profile.options.has('retain-long-modified-dates')
  }

  #cleanItems(sequence: DataElement, path: ElementPath, { characterSet, facts }: Around): void {
    for (const item of sequence.items ?? []) this.#clean(item.list, path, characterSet, facts)
  }

  #uids(text: string): Buffer {
    const replaced = text.includes('\\')
      ? text
          .split('\\')
          .map((uid) => this.#newUid(uid.trim()))
          .join('\\')
      : this.#newUid(text.trim())
    return Buffer.from(replaced, 'latin1')
  }

  #newUid(original: string): string {
    return original === '' || original.startsWith(STANDARD_UIDS) ? original : this.#options.key.uid(original)
  }

  #tell(
    { action, rule }: Decision,
    path: ElementPath,
    vr: string,
    element: DataElement | undefined,
    characterSet: string,
  ): void {
    this.#options.onStep?.({ action, rule, path, vr, element, characterSet })
  }
}

const isOverlay = (tag: Tag): boolean => tag >>> 24 === 0x60 && (tag & 0xffff) === OVERLAY_DATA
