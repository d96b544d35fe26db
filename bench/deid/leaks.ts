import { LeftoverSearch, type WantedIdentity } from '../../src/leftovers/leftover-search.ts'
import { identityLines, type Person } from './people.ts'

/** The independent scan, by raw bytes, for one person's identity in every form and encoding. */
export class Leaks {
  readonly #searches = new Map<number, LeftoverSearch>()

  searchFor(person: Person): LeftoverSearch {
    const search = this.#searches.get(person.number) ?? new LeftoverSearch(identitiesOf(person))
    this.#searches.set(person.number, search)
    return search
  }

  /** In a whole file and its name; what pixels (those of before) look like by accident is subtracted. */
  count(person: Person, name: string, file: Buffer, pixels: Buffer | undefined): number {
    const search = this.searchFor(person)
    const found = search.search(file).length + search.search(Buffer.from(name)).length
    const byAccident = found > 0 && pixels !== undefined ? search.search(pixels).length : 0
    return Math.max(0, found - byAccident)
  }
}

function identitiesOf(person: Person): WantedIdentity[] {
  return identityLines(person).map((text, i) => ({ line: i + 1, text }))
}
