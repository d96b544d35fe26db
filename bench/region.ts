import { join } from 'node:path'
import { AgentProcess, CenterProcess } from './ferry-pair.ts'
import { checkHolding } from './intake.ts'
import { type Load, load } from './load.ts'
import { measure, resetPeak, type Usage } from './measure.ts'
import { holdingOfFiles } from './receivers/part10-folder.ts'
import { type StudyInstance, sendStudy } from './send-study.ts'
import { studyOf } from './study/study-sets.ts'
import type { Sheet } from './table.ts'
import { type BenchOptions, say, workFolder } from './workbench.ts'

/** A district: 4 hospitals and 8 community health centres. */
const CLINICS = 12
/** The goal for the center, CPU seconds for a gigabyte of data sets. */
const MOST_CENTER_CPU_PER_GB = 10

interface Outcome {
  readonly center: Usage
  readonly agents: Usage
  /** Ms from the first byte of an instance to its Success, for each clinic. */
  readonly latencies: readonly (readonly number[])[]
}

/** Twelve agents, each with its own device, send to one center at once, all on this machine. */
export async function benchRegion({ instances }: BenchOptions): Promise<Sheet[]> {
  const loaded = await load('ct', instances)
  const { center, agents, latencies } = await runRegion(loaded)
  const gigabytes = loaded.expected.dataSetBytes / 1e9
  const centerCost = center.cpuSeconds / gigabytes
  const rate = loaded.expected.dataSetBytes / 1e6 / center.seconds
  const figures = [rate, centerCost, agents.cpuSeconds / gigabytes, center.peakBytes / 1e6].map((figure) =>
    figure.toFixed(1),
  )
  const failures =
    centerCost <= MOST_CENTER_CPU_PER_GB
      ? []
      : [`the center took ${centerCost.toFixed(1)} CPU s/GB, at most ${MOST_CENTER_CPU_PER_GB}`]
  return [
    {
      title: `${CLINICS} agents and one center: ${instances} CT slices at once, until the last receipt`,
      columns: ['', 'MB/s', 'CPU s/GB of the center', 'CPU s/GB of all agents', 'peak MB of the center'],
      lines: [['all on this machine', ...figures]],
      failures,
      remarks: [],
    },
    {
      title: 'From the first byte of an instance to its Success, ms',
      columns: ['clinic', 'median', '95 %', '99 %', 'longest'],
      lines: latencies.map((times, i) => [
        String(i + 1),
        ...[0.5, 0.95, 0.99, 1].map((part) => quantile(times, part).toFixed(0)),
      ]),
      failures: [],
      remarks: [],
    },
  ]
}

async function runRegion({ instances, expected }: Load): Promise<Outcome> {
  await using folder = await workFolder()
  await using stack = new AsyncDisposableStack()
  const center = stack.use(await CenterProcess.init(join(folder.path, 'center'), 'Bench center'))
  await center.start()
  const agents: AgentProcess[] = []
  for (let i = 0; i < CLINICS; i++) {
    const choices = { quiet: '1s', unknownDevices: 'accept' } as const
    const agent = stack.use(await AgentProcess.init(join(folder.path, `agent-${i}`), choices))
    await agent.join(center, `Clinic ${i + 1}`)
    await agent.start()
    agents.push(agent)
    say(`clinic ${i + 1} of ${CLINICS} has joined`)
  }
  const parts = agents.map((_, i) => ofClinic(instances, i))
  const latencies: number[][] = agents.map(() => [])
  const send = (agent: AgentProcess, i: number): Promise<void> => {
    let startedAt = performance.now()
    const stored = (): void => {
      const now = performance.now()
      latencies[i]?.push(now - startedAt)
      startedAt = now
    }
    return sendStudy(agent.scp, parts[i] ?? [], { stored })
  }
  resetPeak(center.pid)
  let ofAgents: Usage | undefined
  const ofCenter = await measure([center.pid], async () => {
    ofAgents = await measure(
      agents.map(({ pid }) => pid),
      async () => {
        await Promise.all(agents.map((agent, i) => send(agent, i)))
        await Promise.all(agents.map((agent, i) => agent.confirmed(parts[i]?.length ?? 0)))
      },
    )
  })
  checkHolding(await holdingOfFiles(center.instancesFolder, (path) => path.endsWith('.dcm')), expected)
  if (ofAgents === undefined) throw new Error('nothing was measured')
  return { center: ofCenter, agents: ofAgents, latencies }
}

/** Every twelfth instance, as a study of this clinic's own. */
function ofClinic(instances: readonly StudyInstance[], clinic: number): StudyInstance[] {
  const { studyInstanceUid } = studyOf('ct', 1)
  const own = `${studyInstanceUid.slice(0, -2)}${10 + clinic}`
  return instances
    .filter((_, i) => i % CLINICS === clinic)
    .map((instance) => ({
      ...instance,
      async *dataSet() {
        for await (const bytes of instance.dataSet()) {
          const at = bytes.indexOf(studyInstanceUid, 0, 'latin1')
          if (at >= 0) bytes.write(own, at, 'latin1')
          yield bytes
        }
      },
    }))
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
