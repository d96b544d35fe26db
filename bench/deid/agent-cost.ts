import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { firstOf, type Load, load } from '../load.ts'
import { measure, type Usage } from '../measure.ts'
import { startAlone } from '../receivers/ferry-agent.ts'
import { OWN_SCU } from '../senders.ts'
import { settleDisk, workFolder } from '../workbench.ts'

/** Cost of one agent for the same slices, by their route. */
export interface AgentCost {
  readonly instances: number
  readonly dataSetBytes: number
  readonly asItCame: readonly Usage[]
  readonly deidentified: readonly Usage[]
}

const WARM_UP = 100

const DEIDENTIFYING = `deidentification:
  projectKeyFile: project.key
  profiles:
    - name: bench
      options: [clean-descriptors, retain-long-modified-dates]
routes:
  - { name: bench, profile: bench }
`

/** The whole agent, from the socket to the index, with a route of identity and with one without, taking turns. */
export async function measureAgentCost(instances: number, rounds: number): Promise<AgentCost> {
  const [loaded, warmUp] = [await load('ct', instances), firstOf(await load('mr', WARM_UP))]
  const [asItCame, deidentified]: [Usage[], Usage[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    asItCame.push(await take(loaded, warmUp, ''))
    deidentified.push(await take(loaded, warmUp, DEIDENTIFYING))
  }
  const { dataSetBytes } = loaded.expected
  return { instances: loaded.instances.length, dataSetBytes, asItCame, deidentified }
}

async function take(loaded: Load, warmUp: Load, settings: string): Promise<Usage> {
  await using folder = await workFolder()
  await writeFile(join(folder.path, 'project.key'), randomBytes(32).toString('hex'), { mode: 0o600 })
  await using agent = await startAlone(folder.path, settings)
  await OWN_SCU.send(agent, warmUp.instances)
  const usage = await measure([agent.pid], () => OWN_SCU.send(agent, loaded.instances))
  const { instances } = await agent.holds()
  if (instances !== warmUp.instances.length + loaded.instances.length)
    throw new Error(`the agent holds ${instances} instances`)
  settleDisk()
  return usage
}
