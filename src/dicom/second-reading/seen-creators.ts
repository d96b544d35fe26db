import { isPrivate, isPrivateCreator, privateCreatorTag } from '../vocabulary/attribute.ts'
import type { Tag } from '../vocabulary/tag.ts'

/**
 * The private creators read so far. A private element belongs to an earlier one (PS3.5 §7.8.1). Misread bytes look like
 * a private element half the time, with a length that covers everything that follows.
 */
export class SeenCreators {
  readonly #tags = new Set<Tag>()

  /** Returns false for a private element without a creator. Records a creator. */
  allow(tag: Tag): boolean {
    if (!isPrivate(tag) || (tag & 0xffff) === 0) return true
    if (!isPrivateCreator(tag)) return this.#tags.has(privateCreatorTag(tag))
    this.#tags.add(tag)
    return true
  }
}
