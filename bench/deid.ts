import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type AgentCost, measureAgentCost } from './deid/agent-cost.ts'
import { measureCost } from './deid/cost.ts'
import { KINDS } from './deid/expectation.ts'
import { Leaks } from './deid/leaks.ts'
import { openObject } from './deid/open-object.ts'
import { type PlantedOutcome, runPlanted } from './deid/planted-benchmark.ts'
import type { PlantedObject } from './deid/planted-set.ts'
import { type HardOutcome, runHardCases } from './deid/run-hard-cases.ts'
import { Score } from './deid/score.ts'
import { scorePixels } from './deid/score-pixels.ts'
import { dciodvfyErrors, decoded, runGdcmanon } from './deid/tools.ts'
import type { Sheet } from './table.ts'
import { type BenchOptions, isInstalled, say, workFolder } from './workbench.ts'

const [OBJECTS, QUICK_OBJECTS] = [520, 120]
const [LARGEST_BYTES, QUICK_LARGEST_BYTES] = [6_000_000, 400_000]
const NOTHING = Buffer.alloc(0)
const MOST_SLICES = 200
const [WANTED_SHARE, WANTED_RATIO] = [0.999, 1.3]

/** Planted identities: what becomes of them, what an independent search still finds, and what it costs. */
export async function benchDeid(
  { instances, rounds, quick }: BenchOptions,
  missing: Set<string>,
): Promise<Sheet[]> {
  await using work = await workFolder()
  const [input, output] = [join(work.path, 'planted'), join(work.path, 'ferry')]
  mkdirSync(input)
  mkdirSync(output)
  const kept: Kept[] = []
  const canDecode = has('gdcmconv', missing)
  const outcome = await runPlanted({
    objects: quick ? QUICK_OBJECTS : OBJECTS,
    largestBytes: quick ? QUICK_LARGEST_BYTES : LARGEST_BYTES,
    ...(canDecode && { decode: (file) => decoded(file, work.path) }),
    each: (object, { file: after }) => {
      const name = `${String(kept.length).padStart(4, '0')}.dcm`
      writeFileSync(join(input, name), object.file)
      writeFileSync(join(output, name), after)
      kept.push({ name, planted: { ...object, dataSet: NOTHING, file: NOTHING } })
      if (kept.length % 100 === 0) say(`${kept.length} objects planted, de-identified and searched`)
    },
  })
  const peer = has('gdcmanon', missing) ? await scorePeer(work.path, kept) : undefined
  const newErrors = has('dciodvfy', missing) ? await countNewErrors(kept, input, output) : undefined
  say('sealing, with and without de-identification')
  const cost = await measureCost(Math.min(instances, MOST_SLICES), rounds)
  const agentCost = await measureAgentCost(Math.min(instances, MOST_SLICES), rounds)
  return [
    actionSheet(outcome, peer),
    checkSheet(outcome, peer, newErrors),
    hardSheet(runHardCases()),
    costSheet(cost),
    agentSheet(agentCost),
  ]
}

/** An object without its bytes, once these lie in a file. */
interface Kept {
  readonly name: string
  readonly planted: PlantedObject
}

interface Peer {
  readonly score: Score
  readonly objects: number
  readonly leaks: number
}

function has(program: string, missing: Set<string>): boolean {
  if (!isInstalled(program)) missing.add(program)
  return isInstalled(program)
}

/** The same actions, of those objects that it made something of; its file names are not its own. */
async function scorePeer(folder: string, kept: readonly Kept[]): Promise<Peer> {
  say('gdcmanon does the same set')
  const [input, output] = [join(folder, 'planted'), join(folder, 'gdcm')]
  await runGdcmanon(folder, input, output)
  const [score, leaks] = [new Score(), new Leaks()]
  let [objects, found] = [0, 0]
  for (const { name, planted } of kept) {
    const file = readOrNothing(join(output, name))
    if (file === undefined) continue
    try {
      const [before, after] = [openObject(readFileSync(join(input, name))), openObject(file)]
      score.object(planted, after, leaks.searchFor(planted.person))
      if (!planted.isMasked || before.transferSyntaxUid.startsWith('1.2.840.10008.1.2.1'))
        scorePixels(score, planted, before, after, false)
      found += leaks.count(planted.person, '', file, before.pixels)
      objects++
    } catch (error) {
      say(`gdcmanon, ${planted.source}: ${error instanceof Error ? error.message : 'unreadable'}`)
    }
  }
  return { score, objects, leaks: found }
}

function readOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Errors that dciodvfy reports of an output and not of its input. */
async function countNewErrors(kept: readonly Kept[], input: string, output: string): Promise<string[]> {
  say('dciodvfy looks at all of them')
  const added: string[] = []
  const queue = [...kept]
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { name, planted } = next
      const known = await dciodvfyErrors(join(input, name))
      const found = await dciodvfyErrors(join(output, name))
      added.push(
        ...found.filter((error) => !known.includes(error)).map((error) => `${planted.source}: ${error}`),
      )
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return added
}

function actionSheet({ score, objects, sources }: PlantedOutcome, peer: Peer | undefined): Sheet {
  const rows = KINDS.map((kind) => ({ kind, of: ({ tallies }: Score) => [tallies.get(kind)] }))
  const all = { kind: 'all', of: ({ tallies }: Score) => KINDS.map((kind) => tallies.get(kind)) }
  const lines = [...rows, all].map(({ kind, of }) => {
    const ours = sumOf(of(score))
    const theirs = peer === undefined ? [] : shareOf(sumOf(of(peer.score)))
    return [kind, String(ours.actions), String(ours.right), ...shareOf(ours), ...theirs]
  })
  const total = sumOf(KINDS.map((kind) => score.tallies.get(kind)))
  const wrong = score.wrong.map(({ kind, source, what }) => `${kind} ${what} of ${source}`)
  return {
    title: `Actions on ${objects} objects of ${sources.size} sources`,
    columns: [
      'kind',
      'actions',
      'right',
      'Ferry %',
      ...(peer ? [`gdcmanon % (${peer.objects} objects)`] : []),
    ],
    lines,
    failures: total.right / total.actions < WANTED_SHARE ? ['less than 99.9 % right'] : [],
    remarks: wrong.slice(0, 20),
  }
}

function sumOf(tallies: readonly ({ actions: number; right: number } | undefined)[]) {
  let [actions, right] = [0, 0]
  for (const tally of tallies) {
    actions += tally?.actions ?? 0
    right += tally?.right ?? 0
  }
  return { actions, right }
}

const shareOf = ({ actions, right }: { actions: number; right: number }): string[] => [
  actions === 0 ? '' : ((100 * right) / actions).toFixed(2),
]

function checkSheet(outcome: PlantedOutcome, peer: Peer | undefined, newErrors: string[] | undefined): Sheet {
  const { leaks, leaking, foundBefore, different, withheld } = outcome
  const checks: readonly (readonly [what: string, count: number, theirs: string])[] = [
    ['identities found by the independent search, before', foundBefore, ''],
    ['identities found by the independent search, after', leaks, String(peer?.leaks ?? '')],
    ['outputs that another run on another machine does not repeat', different.length, ''],
    ['objects withheld', withheld.length, ''],
    ...(newErrors
      ? [['errors of dciodvfy that the input does not have', newErrors.length, ''] as const]
      : []),
  ]
  return {
    title: 'Checks',
    columns: ['what', 'Ferry', ...(peer ? ['gdcmanon'] : [])],
    lines: checks.map(([what, count, theirs]) => [what, String(count), ...(peer ? [theirs] : [])]),
    failures: [
      ...(leaks > 0 ? [`identity left in ${leaking.join(', ')}`] : []),
      ...(foundBefore === 0 ? ['the search found nothing before either'] : []),
      ...different.map((source) => `${source}: not the same bytes again`),
      ...(newErrors ?? []),
    ],
    remarks: withheld,
  }
}

/** Objects of kinds that are easily overlooked. Every one has to be right: one leak is a leak. */
function hardSheet({ byKind, wrong }: HardOutcome): Sheet {
  const rows = Array.from(byKind, ([kind, tally]) => [
    kind,
    ...[tally.objects, tally.withheld, tally.foundBefore, tally.leaks, tally.incomplete].map(String),
    ...shareOf({ actions: tally.objects, right: tally.right }),
  ])
  const all = sumOf(
    Array.from(byKind.values(), ({ objects, right }): { actions: number; right: number } => ({
      actions: objects,
      right,
    })),
  )
  return {
    title: 'Objects of kinds that are easily overlooked',
    columns: ['kind', 'objects', 'withheld', 'found before', 'leaks', 'incomplete copies', 'right %'],
    lines: [...rows, ['all', String(all.actions), '', '', '', '', ...shareOf(all)]],
    failures: wrong.slice(0, 20),
    remarks: [],
  }
}

function costSheet(cost: Awaited<ReturnType<typeof measureCost>>): Sheet {
  const { instances, dataSetBytes, sealing, deidentifying, ratio } = cost
  const perGigabyte = (seconds: readonly number[]): string[] =>
    seconds.map((one) => (one / (dataSetBytes / 1e9)).toFixed(2))
  return {
    title: `Sealing in memory, and nothing else: CPU seconds for a gigabyte of CT (${instances} slices), taking turns`,
    columns: ['subject', ...sealing.map((_, i) => `round ${i + 1}`)],
    lines: [
      ['sealing', ...perGigabyte(sealing)],
      ['de-identification, sealing', ...perGigabyte(deidentifying)],
      ['ratio', ...deidentifying.map((seconds, i) => (seconds / (sealing[i] ?? 1)).toFixed(3))],
    ],
    failures:
      ratio < WANTED_RATIO ? [] : [`the median ratio is ${ratio.toFixed(3)}, not under ${WANTED_RATIO}`],
    remarks: [`median ratio ${ratio.toFixed(3)}`],
  }
}

function agentSheet({ instances, dataSetBytes, asItCame, deidentified }: AgentCost): Sheet {
  const row = (subject: string, of: (i: number) => string): string[] => [
    subject,
    ...asItCame.map((_, i) => of(i)),
  ]
  const cpu = (usages: AgentCost['asItCame'], i: number): number =>
    (usages[i]?.cpuSeconds ?? 0) / (dataSetBytes / 1e9)
  const ratios = asItCame.map((_, i) => cpu(deidentified, i) / cpu(asItCame, i))
  const ratio = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN
  const times = asItCame.map(({ seconds }, i) => (deidentified[i]?.seconds ?? 0) / seconds)
  return {
    title: `The whole agent, from the socket to the index: CPU seconds for a gigabyte of CT (${instances} slices), taking turns`,
    columns: ['subject', ...asItCame.map((_, i) => `round ${i + 1}`)],
    lines: [
      row('as it came', (i) => cpu(asItCame, i).toFixed(2)),
      row('de-identified', (i) => cpu(deidentified, i).toFixed(2)),
      row('ratio', (i) => (ratios[i] ?? 0).toFixed(3)),
      row('ratio of time', (i) => (times[i] ?? 0).toFixed(3)),
    ],
    failures: [],
    remarks: [`median ratio ${ratio.toFixed(3)}`],
  }
}
