import type { Clock } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { NoteName, NoteRegister } from '../register/register.ts'

const NAMES = ['PACS_AWAY', 'PACS_ADDRESS', 'PACS_DENIES_US'] as const satisfies readonly NoteName[]

/** Records since when nothing reaches the PACS, for the status command. */
export class PacsNote {
  readonly #notes: NoteRegister
  readonly #clock: Clock
  readonly #log: Log
  /** The note in the register; undefined until the PACS was asked, since an earlier process may have left one. */
  #noted: string | null | undefined

  constructor({ notes, clock, log }: { notes: NoteRegister; clock: Clock; log: Log }) {
    this.#notes = notes
    this.#clock = clock
    this.#log = log
  }

  /**
   * `failure`: the reason why the PACS stores nothing now; undefined if it answers. A note that cannot be written is
   * written next time.
   */
  async tell(failure: Failure | undefined): Promise<void> {
    const name = failure === undefined ? null : nameOf(failure)
    const state = `${name} ${failure?.message}`
    if (this.#noted === state) return
    try {
      for (const other of NAMES) if (other !== name) await this.#notes.clear(other)
      if (name !== null) await this.#notes.keep(name, this.#clock.now(), failure?.message ?? '')
      this.#noted = state
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'noting whether the PACS answers')
      this.#log.warn('a note for the status command could not be written', { code, reason: message })
    }
  }
}

/** A center without a PACS does not wait for one. */
export async function clearPacsNotes(notes: NoteRegister): Promise<void> {
  for (const name of NAMES) await notes.clear(name)
}

function nameOf({ code }: Failure): (typeof NAMES)[number] {
  if (code === 'PACS_DENIED') return 'PACS_DENIES_US'
  return code === 'PACS_ADDRESS' ? 'PACS_ADDRESS' : 'PACS_AWAY'
}
