/** MSH-1 and the signs of MSH-2, one character each. */
export interface Separators {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly escape: string
  readonly subcomponent: string
}

/** The longest sequence that is looked for: `\X` with up to 1 KiB. A sign without its partner is text. */
const SEQUENCE = /^[^\r\n]{1,2050}$/

/**
 * Replaces escape sequences (HL7 v2.5.1 §2.7). Highlighting and switches of the character set are left out; a sequence
 * that the standard does not know stays as it was sent: many senders write a backslash as it is.
 */
export function unescapeHl7(text: string, separators: Separators, encoding: string): string {
  const { escape } = separators
  if (!text.includes(escape)) return text
  const parts: string[] = []
  let at = 0
  for (;;) {
    const start = text.indexOf(escape, at)
    const end = start < 0 ? -1 : text.indexOf(escape, start + 1)
    if (end < 0) return parts.join('') + text.slice(at)
    const meant = meaning(text.slice(start + 1, end), separators, encoding)
    parts.push(text.slice(at, start), meant ?? text.slice(start, end))
    at = meant === undefined ? end : end + 1
  }
}

/** Undefined if the standard does not know the sequence. */
function meaning(sequence: string, separators: Separators, encoding: string): string | undefined {
  if (sequence === 'F') return separators.field
  if (sequence === 'S') return separators.component
  if (sequence === 'R') return separators.repetition
  if (sequence === 'E') return separators.escape
  if (sequence === 'T') return separators.subcomponent
  if (!SEQUENCE.test(sequence)) return undefined
  if (/^X([0-9A-Fa-f]{2})+$/.test(sequence))
    return new TextDecoder(encoding).decode(Buffer.from(sequence.slice(1), 'hex'))
  const lines = /^\.(?:br|sp|sk|ce)\+?(\d{0,2})$/.exec(sequence)
  if (lines !== null) return '\n'.repeat(Math.max(1, Number(lines[1])))
  if (/^(?:[HNP]|\.(?:in|ti)[+-]?\d{0,3}|\.f[in]|C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4,6})$/.test(sequence))
    return ''
  return undefined
}
