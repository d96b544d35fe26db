import { join } from 'node:path'
import { until } from '../../support/clocks/until.ts'
import type { LoopClinic } from './clinic-on-loop-disks.ts'
import { type Findings, findOnAgentDisk, findOnCenterDisk } from './disk-findings.ts'
import type { MountedImage } from './loop-image.ts'
import { DATA_FOLDER } from './loop-machine.ts'

/** Which of the two machines loses power. */
export type Cut = 'agent' | 'center' | 'both'

/** Promises made before a cut, as they were known outside, and the content of the disks after it. */
export interface CutFindings {
  acknowledged: number
  confirmed: number
  /** Undefined where the cut spared the machine. */
  agent: Findings | undefined
  center: Findings | undefined
}

/** Cuts the power as clones of the disks show it, without disturbing the machines; `ready` names the very moment. */
export async function cutAside(
  { feed, log, ...clinic }: LoopClinic,
  cut: Cut,
  ready: () => Promise<unknown> = () => Promise.resolve(),
): Promise<CutFindings> {
  await log.note()
  await ready()
  const acknowledged = new Map(feed.acknowledged)
  const confirmed = new Set(log.confirmed)
  // The agent's disk first: then the center may know of more than the agent, as in life, and never of less.
  const agentClone = cut === 'center' ? undefined : await clinic.agent.cloneDisk()
  const centerClone = cut === 'agent' ? undefined : await clinic.center.cloneDisk()
  const lookAt = { acknowledged, confirmed }
  return {
    acknowledged: acknowledged.size,
    confirmed: confirmed.size,
    agent: agentClone && (await look(agentClone, findOnAgentDisk, lookAt)),
    center: centerClone && (await look(centerClone, findOnCenterDisk, lookAt)),
  }
}

/** The machines lose power, start again on what is left, and everything that the devices have begun comes to its end. */
export async function cutAndFinish(clinic: LoopClinic, cut: Cut): Promise<CutFindings> {
  const { agent, center, startAgent, startCenter, feed, log } = clinic
  await Promise.all([
    cut === 'center' ? undefined : agent.loseAndRegainPower(startAgent),
    cut === 'agent' ? undefined : center.loseAndRegainPower(startCenter),
  ])
  await feed.end()
  await until(
    () => log.deliveries(),
    ({ queued, sending, delivered }) => queued + sending + delivered === 0,
    60_000,
  )
  await until(
    () => log.note(),
    (confirmed) => confirmed >= feed.acknowledged.size,
    10_000,
  )
  return cutAside(clinic, 'both')
}

/** Mounts a clone, looks, and throws it away. */
async function look(
  mount: () => Promise<MountedImage>,
  find: typeof findOnAgentDisk,
  { acknowledged, confirmed }: { acknowledged: Map<string, string>; confirmed: Set<string> },
): Promise<Findings> {
  await using disk = await mount()
  return await find(join(disk.folder, DATA_FOLDER), acknowledged, confirmed)
}
