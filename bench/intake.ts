import { firstOf, type Load, load } from './load.ts'
import { flushesOf, measure, resetPeak, residentBytes, type Usage } from './measure.ts'
import { BARE_DISCARD, BARE_FSYNC, GATE_DISCARD } from './receivers/bare.ts'
import { FERRY_AGENT } from './receivers/ferry-agent.ts'
import { ORTHANC } from './receivers/orthanc.ts'
import type { Holding, Receiver, ReceiverKind } from './receivers/receiver.ts'
import { STORESCP } from './receivers/storescp.ts'
import { gigabitScus, OWN_SCU, ownScus, type Sender, STORESCU, STORESCU_NAGLE } from './senders.ts'
import { type SetName, STUDY_SETS } from './study/study-sets.ts'
import { failedRow, type Group, type Row, rowOf } from './table.ts'
import { type BenchOptions, present, say, settleDisk, workFolder } from './workbench.ts'

const KEEPING = [BARE_FSYNC, STORESCP, ORTHANC, FERRY_AGENT]
const ALL = [BARE_DISCARD, GATE_DISCARD, ...KEEPING]
/** Those that lose nothing with the power. */
const SYNCING = [BARE_FSYNC, ORTHANC, FERRY_AGENT]

const COMPARISONS: readonly (readonly [SetName, Sender, readonly ReceiverKind[]])[] = [
  ['ct', OWN_SCU, ALL],
  ['ct', ownScus(4), SYNCING],
  ['ct', ownScus(8), SYNCING],
  ['ct', gigabitScus(4), SYNCING],
  ['ct', STORESCU, KEEPING],
  ['ct', STORESCU_NAGLE, KEEPING],
  ['mr', OWN_SCU, ALL],
  ['mr', ownScus(4), SYNCING],
  ['mr', ownScus(8), SYNCING],
  ['mr', STORESCU, KEEPING],
  ['dr', OWN_SCU, KEEPING],
]

/** One association, four and eight into each receiver: the same instances, the same sender, in turns. */
export async function benchIntake(options: BenchOptions, missing: Set<string>): Promise<Group[]> {
  const groups: Group[] = []
  for (const [set, sender, kinds] of COMPARISONS) {
    if (!isWanted(set, options) || present([sender], missing).length === 0) continue
    const count = Math.ceil((STUDY_SETS[set].instances * options.instances) / STUDY_SETS.ct.instances)
    const loaded = firstOf(await load(set, count), sender.enough)
    groups.push(await compare(loaded, sender, present(kinds, missing), options.rounds))
  }
  if (!options.quick && isWanted('multiframe', options))
    groups.push(await memoryOfOneLargeInstance(present(KEEPING, missing)))
  return groups
}

const isWanted = (set: SetName, { only }: BenchOptions): boolean => only === undefined || only === set

async function compare(
  loaded: Load,
  sender: Sender,
  kinds: readonly ReceiverKind[],
  rounds: number,
): Promise<Group> {
  const title = `${loaded.set.toUpperCase()}: ${loaded.instances.length} instances from ${sender.name}`
  say(title)
  const outcomes = new Map<ReceiverKind, { usages: Usage[]; failure?: string }>()
  for (let round = 0; round < (sender.enough === undefined ? rounds : 1); round++) {
    for (const kind of kinds) {
      const outcome = outcomes.get(kind) ?? { usages: [] }
      outcomes.set(kind, outcome)
      if (outcome.failure !== undefined) continue
      try {
        outcome.usages.push(await receive(kind, sender, loaded))
      } catch (error) {
        outcome.failure = String(error)
      }
    }
  }
  const rows = kinds.map((kind): Row => {
    const { usages = [], failure } = outcomes.get(kind) ?? {}
    if (failure !== undefined) return failedRow(kind.name, kind.promises, loaded.expected, failure)
    return rowOf(kind.name, kind.promises, loaded.expected, usages)
  })
  return { title, reference: ORTHANC.name, rows }
}

/** Instances of another set, so that none comes twice. Receivers are services, and a fresh process has not compiled its code. */
const WARM_UP: Readonly<Record<SetName, readonly [SetName, number]>> = {
  ct: ['mr', 200],
  mr: ['ct', 200],
  dr: ['ct', 200],
  multiframe: ['ct', 20],
}

async function warm(receiver: Receiver, set: SetName): Promise<Holding> {
  const { instances, expected } = await load(...WARM_UP[set])
  await OWN_SCU.send(receiver, instances)
  return expected
}

/** A fresh receiver, warmed up, takes it all; throws unless it then holds exactly what was sent. */
async function receive(
  kind: ReceiverKind,
  sender: Sender,
  { set, instances, expected }: Load,
  warmUp: (receiver: Receiver) => Promise<Holding> = (receiver) => warm(receiver, set),
): Promise<Usage> {
  await using folder = await workFolder()
  await using receiver = await kind.start(folder.path, sender.nagle)
  const before = await warmUp(receiver)
  const latenciesMs: number[] = []
  const answered = (ms: number): void => void latenciesMs.push(ms)
  const flushesBefore = flushesOf(folder.path)
  const measured = await measure([receiver.pid], () => sender.send(receiver, instances, answered))
  const flushes = (flushesOf(folder.path) ?? Number.NaN) - (flushesBefore ?? Number.NaN)
  const usage: Usage = {
    ...measured,
    ...(latenciesMs.length > 0 && { latenciesMs }),
    ...(!Number.isNaN(flushes) && { flushes }),
  }
  checkHolding(await receiver.holds(), {
    instances: before.instances + expected.instances,
    dataSetBytes: before.dataSetBytes + expected.dataSetBytes,
  })
  say(`  ${kind.name}: ${usage.seconds.toFixed(1)} s, ${usage.cpuSeconds.toFixed(1)} CPU s`)
  settleDisk()
  return usage
}

/** A receiver that loses something can't win. */
export function checkHolding(found: Holding, expected: Holding): void {
  if (found.instances === expected.instances && found.dataSetBytes === expected.dataSetBytes) return
  throw new Error(
    `holds ${found.instances} of ${expected.instances} instances, ${found.dataSetBytes} of ${expected.dataSetBytes} bytes`,
  )
}

/** Peak memory here is the growth over what the receiver held after a few slices. */
async function memoryOfOneLargeInstance(kinds: readonly ReceiverKind[]): Promise<Group> {
  const title = 'One multi-frame instance of 2 GB (peak MB: growth over what was held before)'
  say(title)
  const large = await load('multiframe', 1)
  const rows: Row[] = []
  for (const kind of kinds) {
    let heldBefore = 0
    const warmUp = async (receiver: Receiver): Promise<Holding> => {
      const held = await warm(receiver, large.set)
      heldBefore = residentBytes(receiver.pid)
      resetPeak(receiver.pid)
      return held
    }
    try {
      const usage = await receive(kind, OWN_SCU, large, warmUp)
      const growth = { ...usage, peakBytes: usage.peakBytes - heldBefore }
      rows.push(rowOf(kind.name, kind.promises, large.expected, [growth]))
    } catch (error) {
      rows.push(failedRow(kind.name, kind.promises, large.expected, String(error)))
    }
  }
  return { title, reference: ORTHANC.name, rows }
}
