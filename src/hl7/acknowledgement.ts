import type { Hl7Message } from './hl7-message.ts'
import { writeHl7Text } from './hl7-text.ts'
import type { Separators } from './unescape-hl7.ts'

/**
 * Table 0008, original mode. AA: taken, durably. AE: not taken now, and may be taken later. AR: never taken in this form.
 */
interface Hl7Answer {
  readonly code: 'AA' | 'AE' | 'AR'
  /** English, without patient data; for MSA-3. */
  readonly text?: string
}

const LONGEST_TEXT = 200
/** MSH-10 has at most 199 characters (v2.7); names of systems are shorter. */
const LONGEST_REPEATED = 199

/** Writes the acknowledgement of a message (HL7 v2.5.1 §2.9), with the sender's separators and in its encoding. */
export function acknowledge(message: Hl7Message, { code, text = '' }: Hl7Answer, nowMs: number): Buffer {
  const { header, separators } = message
  const { field, component, repetition, escape, subcomponent } = separators
  const repeated = (number: number): string => header.raw(number).slice(0, LONGEST_REPEATED)
  const event = header.value(9, 2)
  const fields = [
    `MSH${field}${component}${repetition}${escape}${subcomponent}`,
    repeated(5),
    repeated(6),
    repeated(3),
    repeated(4),
    timeText(nowMs),
    '',
    ['ACK', ...(event === '' ? [] : [safe(event, separators), 'ACK'])].join(component),
    repeated(10),
    repeated(11),
    repeated(12),
    ...Array<string>(5).fill(''),
    repeated(18),
  ]
  const answer = ['MSA', code, repeated(10), safe(text.slice(0, LONGEST_TEXT), separators)]
  while (fields.at(-1) === '') fields.pop()
  const segments = [fields.join(field), answer.join(field)]
  return writeHl7Text(`${segments.join('\r')}\r`, message.encoding)
}

/** Ferry's own texts have no separators as a rule; these would need escapes. */
const safe = (text: string, { field, component, repetition, escape, subcomponent }: Separators): string =>
  Array.from(text, (sign) =>
    [field, component, repetition, escape, subcomponent].includes(sign) || /\p{Cc}/u.test(sign) ? ' ' : sign,
  ).join('')

/** Local time with its zone (HL7 v2.5.1 §2.A.77). */
function timeText(nowMs: number): string {
  const at = new Date(nowMs)
  const zone = -at.getTimezoneOffset()
  const hours = two(Math.floor(Math.abs(zone) / 60)) + two(Math.abs(zone) % 60)
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  return `${day}${time}${zone < 0 ? '-' : '+'}${hours}`
}

const two = (value: number): string => String(value).padStart(2, '0')
