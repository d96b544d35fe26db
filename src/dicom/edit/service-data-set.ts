import type { Tag } from '../vocabulary/tag.ts'
import { trimUid } from '../vocabulary/uid.ts'
import { editDataSet } from './data-set-editor.ts'
import type { ElementList } from './data-set-tree.ts'

/** The data set of a request for a normalized SOP instance: small, and held whole. */
export class ServiceDataSet {
  readonly #parts: readonly ElementList[]

  private constructor(parts: readonly ElementList[]) {
    this.#parts = parts
  }

  /** Reads a data set whole; values of over 1 MiB are left out. Throws DATA_SET_UNREADABLE. */
  static read(dataSet: Buffer, transferSyntaxUid: string): ServiceDataSet {
    const parts: ElementList[] = []
    editDataSet(dataSet, transferSyntaxUid, { edit: (part) => void parts.push(part), large: () => 'remove' })
    return new ServiceDataSet(parts)
  }

  has(tag: Tag): boolean {
    return this.#find(tag) !== undefined
  }

  /** Returns the items of a sequence; none if it is empty or absent. */
  items(tag: Tag): ServiceDataSet[] {
    return (this.#find(tag)?.items ?? []).map(({ list }) => new ServiceDataSet([list]))
  }

  /** Returns a UID or a code string without its padding, otherwise unchecked; empty if there is none. */
  text(tag: Tag): string {
    return trimUid(this.#find(tag)?.value.toString('latin1') ?? '')
  }

  /** Returns the bytes of a value; empty if there is none. */
  value(tag: Tag): Buffer {
    return this.#find(tag)?.value ?? Buffer.alloc(0)
  }

  #find(tag: Tag): ReturnType<ElementList['find']> {
    for (const part of this.#parts) {
      const element = part.find(tag)
      if (element !== undefined) return element
    }
    return undefined
  }
}
