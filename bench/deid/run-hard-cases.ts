import { Deidentification } from '../../src/agent/deidentify/deidentification.ts'
import type { DeidProfile } from '../../src/agent/deidentify/element/profile.ts'
import { ProjectKey } from '../../src/agent/deidentify/rules/project-key.ts'
import { editedDataSet } from '../../src/agent/intake/edited-data-set.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { LeftoverSearch } from '../../src/leftovers/leftover-search.ts'
import { failureFrom } from '../../src/platform/failure.ts'
import { missingIn, topLevel } from './announced.ts'
import type { HardCase } from './hard-case.ts'
import { hardElements } from './hard-elements.ts'
import { hardFrames } from './hard-frames.ts'
import { identityLines, PEOPLE } from './people.ts'
import { BENCH_PROFILE } from './profile.ts'

const PROFILE: DeidProfile = {
  ...BENCH_PROFILE,
  options: new Set([...BENCH_PROFILE.options, 'clean-structured-content']),
}
const CHUNK_BYTES = 1000

/** How often a kind of object was treated rightly. */
export interface HardTally {
  objects: number
  withheld: number
  /** Identities that were found before, and after. */
  foundBefore: number
  leaks: number
  /** Copies without something that their original has. */
  incomplete: number
  right: number
}

export interface HardOutcome {
  readonly byKind: ReadonlyMap<string, HardTally>
  /** One line for each object that was not treated rightly; names no value. */
  readonly wrong: readonly string[]
}

/** Takes what leaves; it is undefined if the object was withheld. */
type Remover = (one: HardCase) => Buffer | undefined

/** De-identifies every kind of hard object for some people, and judges it by code that shares nothing with the remover. */
export function runHardCases(people = PEOPLE, remove: Remover = newRemover()): HardOutcome {
  const byKind = new Map<string, HardTally>()
  const wrong: string[] = []
  const groups = new Map<string, string>()
  for (const one of people.flatMap((person) => [...hardElements(person), ...hardFrames(person)])) {
    const tally = byKind.get(one.kind) ?? newTally()
    byKind.set(one.kind, tally)
    const why = judge(one, remove(one), tally, groups)
    tally.objects++
    if (why === undefined) tally.right++
    else wrong.push(`${one.kind}: ${why}`)
  }
  return { byKind, wrong }
}

const newTally = (): HardTally => ({
  objects: 0,
  withheld: 0,
  foundBefore: 0,
  leaks: 0,
  incomplete: 0,
  right: 0,
})

/** Returns what is wrong with it, undefined if nothing is. */
function judge(
  one: HardCase,
  copy: Buffer | undefined,
  tally: HardTally,
  groups: Map<string, string>,
): string | undefined {
  const texts = [...identityLines(one.person), ...(one.dates ?? [])].filter((text) => text !== '')
  const search = new LeftoverSearch(texts.map((text, i) => ({ line: i + 1, text })))
  tally.foundBefore += search.search(one.dataSet).length
  if (copy === undefined) {
    tally.withheld++
    return one.expected === 'leaves' ? 'it was withheld' : undefined
  }
  const leaks = search.search(copy).length
  const missing = missingIn(copy, one.dataSet)
  tally.leaks += leaks
  if (missing.length > 0) tally.incomplete++
  if (leaks > 0) return `${leaks} identities are left`
  if (missing.length > 0) return `it lacks ${missing.join(', ')}`
  if (one.expected === 'withheld') return 'it left'
  if (one.kept?.some((bytes) => !copy.includes(bytes))) return 'it lost what had to stay'
  return isOnePatient(one, copy, groups) ? undefined : 'its patient became several'
}

const [PATIENT_ID, STUDY_DATE] = [TAG.PatientID, TAG.StudyDate]

/** By Patient ID and Study Date. */
function isOnePatient({ group }: HardCase, copy: Buffer, groups: Map<string, string>): boolean {
  if (group === undefined) return true
  const there = topLevel(copy)
  const [id, date] = [PATIENT_ID, STUDY_DATE].map((tag) => there.get(tag)?.toString('latin1') ?? '')
  const found = `${id} ${date}`
  const known = groups.get(group) ?? found
  groups.set(group, known)
  return id !== '' && date !== '' && known === found
}

function newRemover(): Remover {
  const key = new ProjectKey(Buffer.alloc(32, 'bench'))
  const persons = new Map<string, string>()
  const studies = {
    personOf: (study: string, own: string): string => {
      const person = persons.get(study) ?? own
      persons.set(study, person)
      return person
    },
  }
  return ({ sopClassUid, transferSyntaxUid, dataSet }) => {
    const deid = new Deidentification({
      profile: PROFILE,
      key,
      source: { device: undefined, callingAeTitle: 'BENCH' },
      sopClassUid,
      transferSyntaxUid,
      studies,
    })
    const change = editedDataSet(transferSyntaxUid, deid, () => deid.transferSyntaxUid, deid.outputCheck())
    try {
      const out: Buffer[] = []
      for (let at = 0; at < dataSet.length; at += CHUNK_BYTES)
        out.push(...change.push(dataSet.subarray(at, at + CHUNK_BYTES)))
      return Buffer.concat([...out, ...change.finish()])
    } catch (error) {
      const { code } = failureFrom(error, 'INTERNAL', 'de-identifying')
      if (code !== 'DEID_WITHHELD' && code !== 'DATA_SET_UNREADABLE') throw error
      return undefined
    }
  }
}
