import type { Hl7Message } from '../../../hl7/hl7-message.ts'
import { known } from '../known-values.ts'
import type { Patient } from '../order.ts'
import { readDate } from '../records/read-moment.ts'

type Segment = Hl7Message['header']

const HAN = /\p{Script=Han}/u
/** Identifier types (table 0203) of an ID that a clinic uses, and not those of a citizen or an insurance. */
const OWN_IDS = new Set(['PI', 'MR', 'PT', 'PN'])

/** The patient of a PID segment: PID-3.1 and its issuer PID-3.4, PID-5, PID-7, PID-8. */
export function hl7Patient(pid: Segment): Patient {
  const ids = pid.repetitions(3)
  const id = ids.find((one) => OWN_IDS.has(pid.component(one, 5))) ?? ids[0] ?? ''
  const sex = (['M', 'F', 'O'] as const).find((one) => one === pid.value(8).toUpperCase())
  return {
    name: personName(pid, 5),
    id: pid.component(id, 1).trim(),
    ...known({ issuer: pid.component(id, 4).trim(), birthDate: readDate(pid.value(7).slice(0, 8)) }),
    ...(sex && { sex }),
  }
}

/** XPN in the form of PN: family, given, middle, prefix, suffix. Components 4 and 5 have the other order in HL7. */
function personName(pid: Segment, field: number): string {
  const groups = { alphabetic: '', ideographic: '', phonetic: '' }
  for (const repetition of pid.repetitions(field)) {
    const name = nameOf(pid, repetition, [1, 2, 3, 5, 4])
    const code = pid.component(repetition, 8)
    const group =
      code === 'P'
        ? 'phonetic'
        : code === 'I' || (code === '' && HAN.test(name))
          ? 'ideographic'
          : 'alphabetic'
    groups[group] ||= name
  }
  const { alphabetic, ideographic, phonetic } = groups
  // Chinese systems write a name that has characters only in the first group.
  const all = alphabetic === '' && phonetic === '' ? [ideographic] : [alphabetic, ideographic, phonetic]
  return all.join('=').replace(/=+$/, '')
}

/** XCN in the form of PN: its name begins with the second component. */
export function referringPhysician(segment: Segment | undefined, field: number): string {
  const [first = ''] = segment?.repetitions(field) ?? []
  return segment === undefined ? '' : nameOf(segment, first, [2, 3, 4, 6, 5])
}

function nameOf(segment: Segment, repetition: string, components: readonly number[]): string {
  const parts = components.map((component) =>
    segment.component(repetition, component).trim().replace(/[\^=]/g, ' '),
  )
  return parts.join('^').replace(/\^+$/, '')
}
