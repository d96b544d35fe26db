import { join } from 'node:path'
import type { VerifyKey } from '../protocol/signing-key.ts'
import { auditFiles, firstSequenceOf, linesOf } from './audit-files.ts'
import {
  type AuditEnd,
  digestOf,
  isEndSigned,
  isLineSigned,
  NOTHING_BEFORE,
  parseLine,
} from './audit-line.ts'

/**
 * How a trail is broken. changed: a line is not as it was written. missing: lines are not there. moved: a line is not where
 * it belongs, or is there twice. cut: the end is missing. unproved: there is no signed end, so that lines may be missing
 * there.
 */
type AuditFault = 'changed' | 'missing' | 'moved' | 'cut' | 'unproved'

/** The first place at which a trail is broken. */
export interface AuditBreak {
  readonly fault: AuditFault
  /** File and line number in it, from 1; null if the line is not there. */
  readonly file: string | null
  readonly line: number | null
  /** The number of the line in the trail that was expected. */
  readonly sequence: number
}

export interface AuditVerdict {
  readonly lines: number
  readonly files: number
  /** Undefined if every line is there, in its order, as it was written. */
  readonly broken: AuditBreak | undefined
  /** True if the last line is torn, as a crash leaves it; the action of that line never took place. */
  readonly isTorn: boolean
}

interface KeptEnd extends AuditEnd {
  readonly signature: string
}

/**
 * Reads a whole trail and names the first line that is changed, missing or in a wrong place. `end`: the end that its
 * writer keeps. A trail and its end that were both put back to an earlier state are not found here: only a copy
 * elsewhere shows that. Throws STORAGE_ERROR.
 */
export async function verifyTrail(
  folder: string,
  key: VerifyKey,
  end: KeptEnd | undefined,
): Promise<AuditVerdict> {
  const files = auditFiles(folder)
  const reader = new TrailReader(key, end)
  for (const [i, file] of files.entries()) {
    const broken = await reader.read(folder, file, i === files.length - 1)
    if (broken !== undefined) return { lines: reader.lines, files: files.length, broken, isTorn: false }
  }
  return { lines: reader.lines, files: files.length, broken: reader.endFault(), isTorn: reader.isTorn }
}

/** Follows a trail from its first line. */
class TrailReader {
  readonly #key: VerifyKey
  readonly #end: KeptEnd | undefined
  #previous = NOTHING_BEFORE
  #digestAtEnd: string | undefined
  lines = 0
  isTorn = false

  constructor(key: VerifyKey, end: KeptEnd | undefined) {
    this.#key = key
    this.#end = end
  }

  async read(folder: string, file: string, isLast: boolean): Promise<AuditBreak | undefined> {
    let number = 0
    const broken = (fault: AuditFault): AuditBreak => ({
      fault,
      file,
      line: number === 0 ? null : number,
      sequence: this.lines + 1,
    })
    const first = firstSequenceOf(file)
    if (first !== this.lines + 1) return broken(first > this.lines + 1 ? 'missing' : 'moved')
    for await (const { text, isWhole } of linesOf(join(folder, file))) {
      number++
      if (!isWhole) {
        // A line that was kept is whole: only the rest of an unfinished one is harmless.
        this.isTorn = isLast && this.lines >= (this.#end?.sequence ?? 0)
        return this.isTorn ? undefined : broken('changed')
      }
      const fault = this.#follow(text)
      if (fault !== undefined) return broken(fault)
    }
    // A crash can leave a new file without a line, but only as the last one.
    return number === 0 && !isLast ? broken('missing') : undefined
  }

  #follow(text: string): AuditFault | undefined {
    const line = parseLine(text)
    if (line === undefined || !isLineSigned(line, this.#key)) return 'changed'
    const expected = this.lines + 1
    if (line.sequence !== expected) return line.sequence > expected ? 'missing' : 'moved'
    if (line.previous !== this.#previous) return 'changed'
    this.lines = expected
    this.#previous = digestOf(text)
    if (expected === this.#end?.sequence) this.#digestAtEnd = this.#previous
    return undefined
  }

  endFault(): AuditBreak | undefined {
    const end = this.#end
    const at = { file: null, line: null }
    if (end === undefined)
      return this.lines === 0 ? undefined : { fault: 'unproved', ...at, sequence: this.lines + 1 }
    if (!isEndSigned(end, end.signature, this.#key))
      return { fault: 'unproved', ...at, sequence: this.lines + 1 }
    if (end.sequence > this.lines) return { fault: 'cut', ...at, sequence: this.lines + 1 }
    if (this.#digestAtEnd !== end.digest) return { fault: 'changed', ...at, sequence: end.sequence }
    return undefined
  }
}
