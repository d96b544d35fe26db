import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { FaultProxy } from '../test/support/lines/fault-proxy.ts'
import { AgentProcess, CenterProcess, DEVICE_AE_TITLE } from './ferry-pair.ts'
import { load } from './load.ts'
import { sendStudy } from './send-study.ts'
import type { Sheet } from './table.ts'
import { type BenchOptions, say, workFolder } from './workbench.ts'

const LINE_MEGABITS = 20
const LINE_BYTES_PER_SECOND = (LINE_MEGABITS * 1e6) / 8
/** Slices of the backlog for each instance of the CT set. */
const SLICES = 10
/** The line is full of the backlog by then. */
const BUSY_MS = 5000
const LONGEST_MS = 10 * 60_000
const LOOK_EVERY_MS = 50
/** Most seconds until the receipt, beyond those that the line needs for the image. */
const MOST_EXTRA_SECONDS = 2

interface Outcome {
  readonly ownSeconds: number
  readonly seconds: number
}

/** One urgent DR behind a backlog on a slow line: how long until its receipt, with `send.priority` and without. */
export async function benchPriority({ instances }: BenchOptions): Promise<Sheet[]> {
  const slices = instances * SLICES
  const first = await confirmUrgent(slices, true)
  const shared = await confirmUrgent(slices, false)
  const extra = first.seconds - first.ownSeconds
  const failures =
    extra <= MOST_EXTRA_SECONDS
      ? []
      : [`the receipt took ${extra.toFixed(1)} s beyond the time of the line, at most ${MOST_EXTRA_SECONDS}`]
  return [
    {
      title: `One DR behind a backlog of ${slices} MR slices on a line of ${LINE_MEGABITS} Mbit/s`,
      columns: ['', 's that the line needs for it', 's until its receipt'],
      lines: [lineOf('in `send.priority`', first), lineOf('without priority', shared)],
      failures,
      remarks: [],
    },
  ]
}

const lineOf = (name: string, { ownSeconds, seconds }: Outcome): string[] => [
  name,
  ownSeconds.toFixed(1),
  seconds.toFixed(1),
]

async function confirmUrgent(slices: number, hasPriority: boolean): Promise<Outcome> {
  say(hasPriority ? 'with priority' : 'without priority')
  await using folder = await workFolder()
  let line: FaultProxy | undefined
  await using center = await CenterProcess.init(join(folder.path, 'center'), 'Bench center', async (port) => {
    line = await FaultProxy.start(port)
    return line.port
  })
  if (line === undefined) throw new Error('there is no line')
  await using _ = line
  await using agent = await AgentProcess.init(join(folder.path, 'agent'), {
    quiet: '60s',
    unknownDevices: 'accept',
    ...(hasPriority && { priority: [DEVICE_AE_TITLE] }),
  })
  await center.start()
  await agent.join(center, 'Bench clinic')
  await agent.start()
  line.bytesPerSecond = LINE_BYTES_PER_SECOND
  const backlog = await load('mr', slices)
  await sendStudy(agent.scp, backlog.instances)
  await delay(BUSY_MS)
  const urgent = await load('dr', 1)
  const [image] = urgent.instances
  if (image === undefined) throw new Error('there is no DR')
  await sendStudy(agent.scp, [image], { callingAeTitle: DEVICE_AE_TITLE })
  const startedAt = performance.now()
  while (!(await agent.isNewestConfirmed())) {
    if (performance.now() - startedAt > LONGEST_MS) throw new Error('the urgent image has no receipt')
    await delay(LOOK_EVERY_MS)
  }
  const seconds = (performance.now() - startedAt) / 1000
  return { ownSeconds: image.dataSetBytes / LINE_BYTES_PER_SECOND, seconds }
}
