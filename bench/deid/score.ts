import type { DataElement } from '../../src/dicom/edit/data-set-tree.ts'
import type { LeftoverSearch } from '../../src/leftovers/leftover-search.ts'
import type { ActionKind, Expectation } from './expectation.ts'
import { placeText } from './expectation.ts'
import { elementAt, type OpenObject } from './open-object.ts'
import type { Person } from './people.ts'
import type { PlantedObject } from './planted-set.ts'

interface Tally {
  actions: number
  right: number
}

/** An action that was not what it had to be; names no value. */
interface Wrong {
  readonly kind: ActionKind
  readonly source: string
  readonly what: string
}

const DAY_MS = 86_400_000

/** Counts actions over a whole set, since being consistent is a matter of many objects. */
export class Score {
  readonly tallies = new Map<ActionKind, Tally>()
  readonly wrong: Wrong[] = []
  readonly #newUids = new Map<string, string>()
  readonly #oldUids = new Map<string, string>()
  readonly #newIds = new Map<number, string>()
  readonly #oldIds = new Map<string, number>()
  readonly #shifts = new Map<number, number>()

  /** All plants but those in pixels. `search` looks for the object's person. */
  object(planted: PlantedObject, output: OpenObject, search: LeftoverSearch): void {
    for (const expectation of planted.expectations) {
      const { kind, at } = expectation
      const element = elementAt(output, at)
      const isRight = this.#isRight(expectation, element, planted.person, search)
      this.count(kind, isRight, planted.source, placeText(at))
      if (kind !== 'UID changed') continue
      const isSame = this.#isConsistent(expectation.was, textOf(element))
      this.count('UID consistent', isSame, planted.source, placeText(at))
    }
  }

  count(kind: ActionKind, isRight: boolean, source: string, what: string): void {
    const tally = this.tallies.get(kind) ?? { actions: 0, right: 0 }
    tally.actions++
    if (isRight) tally.right++
    else this.wrong.push({ kind, source, what })
    this.tallies.set(kind, tally)
  }

  #isRight(
    expectation: Expectation,
    element: DataElement | undefined,
    person: Person,
    search: LeftoverSearch,
  ): boolean {
    const value = element?.value ?? Buffer.alloc(0)
    switch (expectation.kind) {
      case 'removed':
        if (value.length === 0) return true
        return (
          !(expectation.was && trimmed(value).equals(trimmed(expectation.was))) &&
          search.search(value).length === 0
        )
      case 'retained':
        if (expectation.isWhole)
          return expectation.bytes.every((bytes) => trimmed(bytes).equals(trimmed(value)))
        return expectation.bytes.every((bytes) => value.includes(bytes))
      case 'not null':
        return trimmed(value).length > 0
      case 'date shifted':
        return this.#isShifted(expectation.was, textOf(element), person)
      case 'UID changed':
        return textOf(element) !== expectation.was && /^[0-2](\.(0|[1-9]\d*))+$/.test(textOf(element))
      case 'patient ID consistent':
        return this.#isSamePatient(textOf(element), person)
    }
  }

  /** By whole days, at least one, and the same for all dates of the person; the time of day stays. */
  #isShifted(was: string, is: string, { number }: Person): boolean {
    if (is.length !== was.length || is.slice(8) !== was.slice(8)) return false
    const days = (dayOf(is) - dayOf(was)) / DAY_MS
    if (!Number.isInteger(days) || days === 0) return false
    const shift = this.#shifts.get(number) ?? days
    this.#shifts.set(number, shift)
    return shift === days
  }

  #isConsistent(was: string, is: string): boolean {
    const [known, origin] = [this.#newUids.get(was) ?? is, this.#oldUids.get(is) ?? was]
    this.#newUids.set(was, known)
    this.#oldUids.set(is, origin)
    return is !== '' && known === is && origin === was
  }

  #isSamePatient(is: string, { number }: Person): boolean {
    const [known, origin] = [this.#newIds.get(number) ?? is, this.#oldIds.get(is) ?? number]
    this.#newIds.set(number, known)
    this.#oldIds.set(is, origin)
    return is !== '' && known === is && origin === number
  }
}

function dayOf(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)))
}

const textOf = (element: DataElement | undefined): string =>
  trimmed(element?.value ?? Buffer.alloc(0)).toString('latin1')

function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0)) end--
  return bytes.subarray(0, end)
}
