import { explainAccess } from '../../../platform/explain-access.ts'
import { type FailureCode, failureFrom } from '../../../platform/failure.ts'
import type { RunTool } from '../../../platform/host/run-tool.ts'
import type { SystemdUnit } from '../../../platform/host/systemd-unit.ts'
import { withCause } from '../../language/cause-text.ts'
import type { Phrase } from '../../language/en/phrases-en.ts'
import { wordsOfFailure } from '../../language/failure-words.ts'
import type { LogProgram } from '../../logs/log-place.ts'
import type { Session } from '../../session/session.ts'
import type { HealthNote } from '../../views/health-note.ts'

/** Subjects, in the order in which they are examined. */
export type CheckName = Phrase extends infer P
  ? P extends `doctor.check.${infer Name}`
    ? Name
    : never
  : never
/** Faults that only the doctor knows; all others are failure codes. */
type Fault = Phrase extends infer P ? (P extends `doctor.fault.${infer Name}.todo` ? Name : never) : never
/** Remarks: a person should know them, and nothing is wrong. */
type Remark = Phrase extends infer P ? (P extends `doctor.note.${infer Name}` ? Name : never) : never
type Good = Phrase extends infer P ? (P extends `doctor.good.${infer Name}` ? Name : never) : never
type Values = Readonly<Record<string, string | number>>

/** `good`: examined, and nothing is wrong. `note`: worth knowing, or not visible from here. `bad`: a person is needed. */
export interface DoctorFinding {
  readonly check: CheckName
  readonly level: 'good' | 'note' | 'bad'
  /** A fault of the doctor's own or a failure code; null for `good`. */
  readonly code: string | null
  readonly found: string
  readonly todo: string
}

/** The program, machine and reader of one examination; puts findings into words. */
export class Exam {
  readonly program: LogProgram
  readonly session: Session
  readonly run: RunTool
  /** The unit of the service; undefined on a machine without systemd. */
  readonly unit: SystemdUnit | undefined

  constructor(program: LogProgram, session: Session, run: RunTool, unit: SystemdUnit | undefined) {
    this.program = program
    this.session = session
    this.run = run
    this.unit = unit
  }

  get unitName(): string {
    return `${this.program}.service`
  }

  good(check: CheckName, good: Good, values: Values = {}): DoctorFinding {
    return {
      check,
      level: 'good',
      code: null,
      found: this.session.say(`doctor.good.${good}`, values),
      todo: '',
    }
  }

  note(check: CheckName, note: Remark, values: Values = {}): DoctorFinding {
    return {
      check,
      level: 'note',
      code: note,
      found: this.session.say(`doctor.note.${note}`, values),
      todo: '',
    }
  }

  bad(check: CheckName, fault: Fault, values: Values = {}): DoctorFinding {
    const { say } = this.session
    const shown = { program: this.program, unit: this.unitName, ...values }
    return {
      check,
      level: 'bad',
      code: fault,
      found: say(`doctor.fault.${fault}`, shown),
      todo: say(`doctor.fault.${fault}.todo`, shown),
    }
  }

  /** A failure in the words of every other command. An error that is not a Failure counts as `otherwise`. */
  failed(check: CheckName, error: unknown, otherwise: FailureCode, attempted: string): DoctorFinding {
    const { language, causes } = this.session
    const { code, message } = explainAccess(failureFrom(error, otherwise, attempted))
    const words = wordsOfFailure(code, language)
    const found = words === undefined ? causes(message) : withCause(words.meaning, causes(message), language)
    return { check, level: 'bad', code, found, todo: words?.todo ?? '' }
  }

  /** A finding of the status in the same words. */
  status(check: CheckName, { severity, code, what, todo }: HealthNote): DoctorFinding {
    return { check, level: severity === 'act' ? 'bad' : 'note', code, found: what, todo }
  }
}
