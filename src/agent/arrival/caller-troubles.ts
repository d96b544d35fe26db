import type { CallerTrouble } from '../../dimse/association/caller-trouble.ts'
import type { Clock } from '../../platform/clock.ts'
import type { CallerKey, DeviceRecords } from '../queue/devices/device-records.ts'
import type { NewSighting, Sightings } from '../queue/devices/sightings.ts'
import type { DeviceList } from './device-list.ts'

/**
 * Maximum number of callers that are kept apart until they are written; a port scan may show more, and the rest are not
 * kept.
 */
const CALLERS = 200

interface CallerTroublesOptions {
  readonly devices: DeviceList
  readonly records: DeviceRecords
  readonly sightings: Sightings
  readonly clock: Clock
}

/** Gathers the reasons why callers got no association, and writes them to the index in one go. */
export class CallerTroubles {
  readonly #options: CallerTroublesOptions
  readonly #gathered = new Map<string, { trouble: CallerTrouble; caller: NewSighting; kind: string }>()

  constructor(options: CallerTroublesOptions) {
    this.#options = options
  }

  add(trouble: CallerTrouble): void {
    const { peerAddress, calledAeTitle, words } = trouble
    const callingAeTitle = this.#callerOf(trouble)
    const key = JSON.stringify([callingAeTitle, peerAddress])
    const before = this.#gathered.get(key)
    if (before === undefined && this.#gathered.size >= CALLERS) return
    const caller = {
      callingAeTitle,
      calledAeTitle: calledAeTitle ?? before?.caller.calledAeTitle,
      peerAddress,
      rejection: words,
      at: this.#options.clock.now(),
      times: (before?.caller.times ?? 0) + (isTurnedAway(trouble) ? 1 : 0),
    }
    this.#gathered.set(key, { trouble, caller, kind: problemKind(trouble) })
  }

  /** Writes the gathered callers. Throws DATABASE_ERROR and keeps them if the index cannot be written. */
  write(): void {
    const { records, sightings } = this.#options
    if (this.#gathered.size === 0) return
    const gathered = this.#gathered.values().toArray()
    sightings.recordTurnedAway(gathered.map(({ caller }) => caller).filter(({ times }) => times > 0))
    for (const { trouble, caller, kind } of gathered)
      records.troubled(caller, { kind, detail: trouble.words }, caller.at)
    this.#gathered.clear()
  }

  /**
   * Identifies the caller by its own titles; otherwise as the only device listed with its address, unless any program
   * there may have called.
   */
  #callerOf({ callingAeTitle, peerAddress, kind }: CallerTrouble): CallerKey['callingAeTitle'] {
    if (callingAeTitle !== undefined) return callingAeTitle
    if (kind === 'silent' || kind === 'foreign') return ''
    return this.#options.devices.onlyOneAt(peerAddress)?.aeTitle ?? ''
  }
}

/** False if only single contexts were refused and the association continues. */
const isTurnedAway = ({ kind }: CallerTrouble): boolean => kind !== 'contexts'

function problemKind({ kind }: CallerTrouble): string {
  const isTls = kind === 'tls-on-plain' || kind === 'plain-on-tls' || kind === 'handshake-failed'
  return isTls ? 'tls' : kind
}
