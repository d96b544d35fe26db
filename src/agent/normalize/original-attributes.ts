import { DataElement, ElementList } from '../../dicom/edit/data-set-tree.ts'
import { UNDEFINED_LENGTH } from '../../dicom/read/data-set-token.ts'
import { TAG, type Tag } from '../../dicom/vocabulary/tag.ts'

/** Who changed something, and when. */
interface Modification {
  readonly system: string
  /** ms since 1970. */
  readonly at: number
  /** CORRECT: the former value was wrong; COERCE: it did not fit local conventions (PS3.3 Table C.12-1). */
  readonly reason: 'COERCE' | 'CORRECT'
}

/** Values of top-level elements before they were changed. */
export class OriginalAttributes {
  readonly #elements = new Map<Tag, DataElement>()

  get isEmpty(): boolean {
    return this.#elements.size === 0
  }

  /** Call it before an element, or anything in its items, is changed; the first call counts. */
  remember(element: DataElement): void {
    if (!this.#elements.has(element.tag)) this.#elements.set(element.tag, asItStands(element))
  }

  /** Records an element that was absent: it is empty in the record. */
  rememberAbsent(list: ElementList, tag: Tag, vr: string): void {
    if (this.#elements.has(tag)) return
    const empty = new ElementList(list.encoding)
    empty.set(tag, vr, Buffer.alloc(0))
    for (const element of empty.elements) this.#elements.set(tag, element)
  }

  /** Adds an item to Original Attributes Sequence (PS3.3 §C.12.1.1.9), after those of earlier changes. */
  record(list: ElementList, { system, at, reason }: Modification): void {
    const made = new ElementList(list.encoding)
    made.setSequence(TAG.OriginalAttributesSequence, [
      (item) => {
        item.setSequence(TAG.ModifiedAttributesSequence, [(modified) => this.#write(modified)])
        item.set(TAG.AttributeModificationDateTime, 'DT', ascii(dateTime(at)))
        item.set(TAG.ModifyingSystem, 'LO', ascii(system))
        item.set(TAG.SourceOfPreviousValues, 'LO', Buffer.alloc(0))
        item.set(TAG.ReasonForTheAttributeModification, 'CS', ascii(reason))
      },
    ])
    const earlier = list.find(TAG.OriginalAttributesSequence)
    const [sequence] = made.elements
    if (earlier?.items !== undefined) earlier.items.push(...(sequence?.items ?? []))
    else if (sequence !== undefined) {
      list.keep((element) => element !== earlier)
      list.insert(sequence)
    }
  }

  #write(modified: ElementList): void {
    for (const element of this.#elements.values()) modified.insert(element)
  }
}

/** Returns its bytes at this moment, header included, as an element that cannot be changed any more. */
function asItStands(element: DataElement): DataElement {
  const { tag, vr, encoding } = element
  const bytes = Buffer.concat(element.write())
  return new DataElement(
    { bytes, tag, vr, length: UNDEFINED_LENGTH, holds: 'value' },
    encoding,
    Buffer.alloc(0),
  )
}

/** DT in UTC, with its offset (PS3.5 §6.2). */
function dateTime(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-T:Z]/g, '')}000+0000`
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
