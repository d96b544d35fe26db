import type { FailureCode } from '../../../platform/failure.ts'
import type { Alarms } from '../../queue/alarms.ts'

const CODES = [
  'FOLDER_UNREACHABLE',
  'FOLDER_FILE_HELD',
  'FOLDER_NEEDS_PATIENT',
  'FOLDER_SOURCE_KEPT',
] as const satisfies readonly FailureCode[]

type FolderAlarmCode = (typeof CODES)[number]
export type StandingAlarms = Readonly<Partial<Record<FolderAlarmCode, string>>>

/** The alarms of one folder: raised while their reason lasts, and cleared by themselves. */
export class FolderAlarms {
  readonly #alarms: Alarms
  readonly #folder: string
  /** Undefined until the first reconciliation: the previous run may have left some. */
  #written: Map<FolderAlarmCode, string> | undefined

  constructor(alarms: Alarms, folder: string) {
    this.#alarms = alarms
    this.#folder = folder
  }

  /** Makes the alarms of the index equal to these. Throws errors of the database. */
  reconcile(standing: StandingAlarms): void {
    this.#written ??= new Map(
      this.#alarms
        .list()
        .filter(({ subject }) => subject === this.#folder)
        .flatMap(({ code, message }) => CODES.filter((one) => one === code).map((one) => [one, message])),
    )
    for (const code of CODES) {
      const [message, written] = [standing[code], this.#written.get(code)]
      if (message === written) continue
      if (message === undefined) {
        this.#alarms.clear(code, this.#folder)
        this.#written.delete(code)
      } else {
        this.#alarms.raise(code, this.#folder, message)
        this.#written.set(code, message)
      }
    }
  }
}

/** Clears the alarms of folders that the settings no longer have. */
export function clearOtherFolders(alarms: Alarms, folders: readonly string[]): void {
  for (const { code, subject } of alarms.list())
    if (CODES.some((one) => one === code) && !folders.includes(subject)) alarms.clear(code, subject)
}
