import { isPrivate, isPrivateCreator, privateCreatorTag } from '../vocabulary/attribute.ts'
import type { Tag } from '../vocabulary/tag.ts'

/**
 * The private creators that were read so far. A private element belongs to one before it (PS3.5 §7.8.1). Misread bytes look
 * like a private element half the time, with a length that reaches over all that follows.
 */
export class SeenCreators {
  readonly #tags = new Set<Tag>()

  /** Returns false for a private element without a creator. Takes note of a creator. */
  allow(tag: Tag): boolean {
    if (!isPrivate(tag) || (tag & 0xffff) === 0) return true
    if (!isPrivateCreator(tag)) return this.#tags.has(privateCreatorTag(tag))
    this.#tags.add(tag)
    return true
  }
}
