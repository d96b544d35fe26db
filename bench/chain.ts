import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentProcess, CenterProcess } from './ferry-pair.ts'
import { arrived, compareRoutes } from './forward.ts'
import { checkHolding } from './intake.ts'
import { firstOf, type Load, load } from './load.ts'
import { measure, type Usage } from './measure.ts'
import { startOrthanc } from './receivers/orthanc.ts'
import { holdingOfFiles } from './receivers/part10-folder.ts'
import { STORESCP } from './receivers/storescp.ts'
import { OWN_SCU, type Sender, STORESCU, STORESCU_NAGLE } from './senders.ts'
import type { Group } from './table.ts'
import { type BenchOptions, present } from './workbench.ts'

const ENOUGH_WITH_NAGLE = 200
const PER_STUDY = 'Orthanc → Orthanc, per study'

/** Each sends on as soon as it has something. "Stable" is Orthanc's word for a study that nothing was added to. */
const ON_STABLE_STUDY =
  "function OnStableStudy(id, tags, metadata) RestApiPost('/modalities/far/store', id) end"
const ON_STORED_INSTANCE =
  "function OnStoredInstance(id, tags, metadata, origin) SendToModality(id, 'far') end"

/** From the modality's first byte until the last instance is safe on the far side. */
export async function benchChain(options: BenchOptions, missing: Set<string>): Promise<Group[]> {
  const whole = await load('ct', options.instances)
  const groups: Group[] = []
  const senders = present([STORESCU, STORESCU_NAGLE], missing)
  for (const sender of senders.length > 0 ? senders : [OWN_SCU]) {
    const loaded = sender.enough === undefined ? whole : firstOf(whole, ENOUGH_WITH_NAGLE)
    const title = `CT: ${loaded.instances.length} instances from ${sender.name}, through to the far side`
    const rounds = sender.enough === undefined ? options.rounds : 1
    groups.push(await compareRoutes(title, PER_STUDY, present(routesFor(sender), missing), loaded, rounds))
  }
  return groups
}

function routesFor(sender: Sender) {
  return [
    {
      name: 'Ferry → center',
      note: 'sealed, stored, receipted; a study closes after 1 s',
      forward: (loaded: Load, folder: string) => throughFerry(sender, loaded, folder),
    },
    {
      name: PER_STUDY,
      note: 'Lua, a study is stable after 1 s',
      program: 'Orthanc',
      forward: (loaded: Load, folder: string) => throughOrthanc(sender, loaded, folder, ON_STABLE_STUDY),
    },
    {
      name: 'Orthanc → Orthanc, per instance',
      note: 'Lua',
      program: 'Orthanc',
      forward: (loaded: Load, folder: string) => throughOrthanc(sender, loaded, folder, ON_STORED_INSTANCE),
    },
    {
      name: 'storescp, then storescu → storescp',
      note: 'nothing is durable; by hand once all is there',
      program: 'storescp',
      forward: (loaded: Load, folder: string) => throughFiles(sender, loaded, folder),
    },
  ]
}

async function throughFerry(sender: Sender, { instances, expected }: Load, folder: string): Promise<Usage> {
  await using center = await CenterProcess.init(join(folder, 'center'), 'Bench center')
  await using agent = await AgentProcess.init(join(folder, 'agent'), {
    quiet: '1s',
    unknownDevices: 'accept',
  })
  await center.start()
  await agent.join(center, 'Bench clinic')
  await agent.start()
  const usage = await measure([agent.pid, center.pid], async () => {
    await sender.send(agent.scp, instances)
    await agent.confirmed(instances.length)
  })
  checkHolding(await holdingOfFiles(center.instancesFolder, (path) => path.endsWith('.dcm')), expected)
  return usage
}

async function throughOrthanc(
  sender: Sender,
  { instances, expected }: Load,
  folder: string,
  lua: string,
): Promise<Usage> {
  const { nagle } = sender
  await using far = await startOrthanc(join(folder, 'far'), { aeTitle: 'FAR', nagle })
  const modalities = { far: { aeTitle: far.aeTitle, port: far.port } }
  await using near = await startOrthanc(join(folder, 'near'), { modalities, lua, stableAge: 1, nagle })
  const usage = await measure([near.pid, far.pid], async () => {
    await sender.send(near, instances)
    await arrived(far, instances.length)
  })
  checkHolding(await far.holds(), expected)
  return usage
}

async function throughFiles(sender: Sender, { instances, expected }: Load, folder: string): Promise<Usage> {
  const { nagle } = sender
  const [nearFolder, farFolder] = [join(folder, 'near'), join(folder, 'far')]
  await mkdir(nearFolder)
  await mkdir(farFolder)
  await using near = await STORESCP.start(nearFolder, nagle)
  await using far = await STORESCP.start(farFolder, nagle)
  const usage = await measure([near.pid, far.pid], async () => {
    await sender.send(near, instances)
    await (nagle === 'on' ? STORESCU_NAGLE : STORESCU).send(far, instances)
  })
  checkHolding(await far.holds(), expected)
  return usage
}
