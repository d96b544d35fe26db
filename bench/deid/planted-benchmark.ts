import { openPixelCodecs } from '../../src/agent/deidentify/pixels/pixel-codec.ts'
import { transferSyntax } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { failureFrom } from '../../src/platform/failure.ts'
import { Machine } from './deidentify-object.ts'
import { Leaks } from './leaks.ts'
import { type OpenObject, openObject } from './open-object.ts'
import { type PlantedObject, plantedSet } from './planted-set.ts'
import { Score } from './score.ts'
import { scorePixels } from './score-pixels.ts'

interface PlantedOptions {
  readonly objects: number
  /** Corpus files over that are left out. */
  readonly largestBytes: number
  /** Makes encapsulated pixels native, to look at them; returns undefined if it can't. Without it, they are not scored. */
  readonly decode?: (file: Buffer) => OpenObject | undefined
  /** Gets each object, and what became of it. */
  readonly each?: (planted: PlantedObject, output: { readonly name: string; readonly file: Buffer }) => void
}

export interface PlantedOutcome {
  readonly score: Score
  readonly objects: number
  /** Objects by where they come from. */
  readonly sources: ReadonlySet<string>
  /** Objects that were withheld, with the reason: nothing of them is scored, nothing of them leaves. */
  readonly withheld: readonly string[]
  readonly leaks: number
  readonly leaking: readonly string[]
  /** How often the identities are found in the same objects before: what the scan would see. */
  readonly foundBefore: number
  /** Another run on another machine with the same key that did not give the same bytes. */
  readonly different: readonly string[]
}

/** Plants, de-identifies on two machines, scores, and searches what leaves. */
export async function runPlanted({
  objects,
  largestBytes,
  decode,
  each,
}: PlantedOptions): Promise<PlantedOutcome> {
  let [machine, other] = await twoMachines()
  const leaks = new Leaks()
  const outcome = {
    score: new Score(),
    objects: 0,
    sources: new Set<string>(),
    withheld: [] as string[],
    leaks: 0,
    leaking: [] as string[],
    foundBefore: 0,
    different: [] as string[],
  }
  for (const planted of plantedSet(objects, largestBytes)) {
    const output = attempt(() => machine.deidentify(planted))
    if (typeof output === 'string') {
      outcome.withheld.push(`${planted.source}: ${output.trim()}`)
      // A frame that no codec can read ends the codecs: a restart, as the agent's would be.
      ;[machine, other] = await twoMachines()
      continue
    }
    outcome.objects++
    outcome.sources.add(planted.source)
    const before = openObject(planted.file)
    scoreObject(outcome.score, leaks, planted, before, output, decode)
    const found = leaks.count(planted.person, output.name, output.file, before.pixels)
    outcome.leaks += found
    if (found > 0) outcome.leaking.push(planted.source)
    outcome.foundBefore += leaks.count(planted.person, planted.fileName, planted.file, before.pixels)
    if (!other.deidentify(planted).file.equals(output.file)) outcome.different.push(planted.source)
    each?.(planted, output)
  }
  return outcome
}

function scoreObject(
  score: Score,
  leaks: Leaks,
  planted: PlantedObject,
  before: OpenObject,
  output: { readonly name: string; readonly file: Buffer },
  decode: PlantedOptions['decode'],
): void {
  const search = leaks.searchFor(planted.person)
  const after = openObject(output.file)
  score.object(planted, after, search)
  score.count('removed', search.search(Buffer.from(output.name)).length === 0, planted.source, 'file name')
  const isEncapsulated = transferSyntax(planted.transferSyntaxUid).encapsulated
  if (!planted.isMasked || !isEncapsulated) return scorePixels(score, planted, before, after, false)
  const [was, is] = [decode?.(planted.file), decode?.(output.file)]
  if (was !== undefined) scorePixels(score, planted, was, is, true)
}

/** Its answer, or why it threw. */
function attempt<T extends object>(work: () => T): T | string {
  try {
    return work()
  } catch (error) {
    return failureFrom(error, 'INTERNAL', 'de-identifying').message
  }
}

async function twoMachines(): Promise<[Machine, Machine]> {
  const codecs = await openPixelCodecs()
  return [new Machine(codecs, 65_536), new Machine(codecs, 10_007)]
}
