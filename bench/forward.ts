import { join } from 'node:path'
import { AgentProcess, CenterProcess } from './ferry-pair.ts'
import { checkHolding } from './intake.ts'
import { type Load, load } from './load.ts'
import { measure, type Usage } from './measure.ts'
import type { Nagle } from './nagle.ts'
import { type MeasuredOrthanc, startOrthanc } from './receivers/orthanc.ts'
import { holdingOfFiles } from './receivers/part10-folder.ts'
import { sendStudy } from './send-study.ts'
import { failedRow, type Group, type Row, rowOf } from './table.ts'
import { type BenchOptions, present, say, settleDisk, workFolder } from './workbench.ts'

const ASK_EVERY_MS = 200

interface Forwarder {
  readonly name: string
  readonly note: string
  readonly program?: string
  /** From a full queue on this side to the last instance on the other. */
  forward(loaded: Load, folder: string): Promise<Usage>
}

const PER_STUDY = 'Orthanc, per study'

const FORWARDERS: readonly Forwarder[] = [
  { name: 'Ferry', note: 'sealed packs over TLS, each instance receipted', forward: forwardByFerry },
  {
    name: PER_STUDY,
    note: 'C-STORE to another Orthanc, one job',
    program: 'Orthanc',
    forward: (loaded, folder) => forwardByOrthanc(loaded, folder, 'study'),
  },
  {
    name: 'Orthanc, per instance',
    note: 'C-STORE to another Orthanc, a job an instance',
    program: 'Orthanc',
    forward: (loaded, folder) => forwardByOrthanc(loaded, folder, 'instance'),
  },
  {
    name: 'Orthanc as it comes',
    note: "the same, per study, with Nagle's algorithm on",
    program: 'Orthanc',
    forward: (loaded, folder) => forwardByOrthanc(loaded, folder, 'study', 'on'),
  },
]

/** The study lies in the queue of the sending side; how long until all of it is safe on the other? */
export async function benchForward(options: BenchOptions, missing: Set<string>): Promise<Group[]> {
  const loaded = await load('ct', options.instances)
  const title = `CT: ${options.instances} instances, queued, to the other side (CPU and memory of both sides)`
  return [await compareRoutes(title, PER_STUDY, present(FORWARDERS, missing), loaded, options.rounds)]
}

/** Runs each in turn, in rounds, each time in a new folder. */
export async function compareRoutes(
  title: string,
  reference: string,
  routes: readonly Forwarder[],
  loaded: Load,
  rounds: number,
): Promise<Group> {
  say(title)
  const outcomes = routes.map((route) => ({ route, usages: [] as Usage[], failure: '' }))
  for (let round = 0; round < rounds; round++) {
    for (const outcome of outcomes) {
      if (outcome.failure !== '') continue
      await using folder = await workFolder()
      try {
        const usage = await outcome.route.forward(loaded, folder.path)
        outcome.usages.push(usage)
        say(`  ${outcome.route.name}: ${usage.seconds.toFixed(1)} s, ${usage.cpuSeconds.toFixed(1)} CPU s`)
      } catch (error) {
        outcome.failure = String(error)
      }
      settleDisk()
    }
  }
  const rows = outcomes.map(
    ({ route: { name, note }, usages, failure }): Row =>
      failure === ''
        ? rowOf(name, note, loaded.expected, usages)
        : failedRow(name, note, loaded.expected, failure),
  )
  return { title, reference, rows }
}

/** The center is away while the queue fills; the clock starts when it listens again. */
async function forwardByFerry({ instances, expected }: Load, folder: string): Promise<Usage> {
  await using center = await CenterProcess.init(join(folder, 'center'), 'Bench center')
  await using agent = await AgentProcess.init(join(folder, 'agent'), {
    quiet: '1s',
    unknownDevices: 'accept',
  })
  await center.start()
  await agent.join(center, 'Bench clinic')
  await center.stop()
  await agent.start()
  await sendStudy(agent.scp, instances)
  await center.start()
  const usage = await measure([agent.pid, center.pid], async () => {
    await agent.retry()
    await agent.confirmed(instances.length)
  })
  checkHolding(await holdingOfFiles(center.instancesFolder, (path) => path.endsWith('.dcm')), expected)
  return usage
}

async function forwardByOrthanc(
  { instances, expected }: Load,
  folder: string,
  unit: 'study' | 'instance',
  nagle: Nagle = 'off',
): Promise<Usage> {
  await using far = await startOrthanc(join(folder, 'far'), { aeTitle: 'FAR', nagle })
  await using near = await startOrthanc(join(folder, 'near'), {
    nagle,
    modalities: { far: { aeTitle: far.aeTitle, port: far.port } },
  })
  await sendStudy(near, instances)
  const resources = (await near.get(unit === 'study' ? '/studies' : '/instances')) as string[]
  const usage = await measure([near.pid, far.pid], async () => {
    const jobs = unit === 'study' ? [resources] : resources.map((resource) => [resource])
    for (const Resources of jobs) await near.post('/modalities/far/store', { Resources, Synchronous: false })
    await arrived(far, instances.length)
  })
  checkHolding(await far.holds(), expected)
  return usage
}

/** Resolves when an Orthanc counts this many instances. */
export async function arrived(
  orthanc: MeasuredOrthanc,
  instances: number,
  withinMs = 300_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const { CountInstances: count } = (await orthanc.get('/statistics')) as { CountInstances: number }
    if (count >= instances) return
    if (performance.now() > deadline)
      throw new Error(`${count} of ${instances} instances after ${withinMs / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
}
