/** Decodes a path for people and patterns: UTF-8, and otherwise GB18030, in which Chinese Windows programs write names. */
export function shownPath(path: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(path)
  } catch {
    return new TextDecoder('gb18030').decode(path)
  }
}

/** The last name of a path. */
export function baseName(path: Buffer): Buffer {
  return path.subarray(path.lastIndexOf(0x2f) + 1)
}
