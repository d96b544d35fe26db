// Runs an agent as a process of its own, from the settings in a JSON file: for tests that kill or trace it.
import { readFileSync } from 'node:fs'
import { startAgent } from '../../../src/agent/agent.ts'
import { rehearseSealing } from '../../../src/agent/envelope/rehearse-sealing.ts'
import type { AgentSettings } from '../../../src/config/agent-settings.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openLog } from '../../../src/platform/log.ts'
import { allowManyFileOperations } from '../../../src/platform/process/io-threads.ts'
import { keepYoungGenerationSmall } from '../../../src/platform/process/young-generation.ts'

allowManyFileOperations()
keepYoungGenerationSmall()
rehearseSealing()

/** The options of a profile are a set, which JSON does not have. */
const setsForOptions = (key: string, value: unknown): unknown =>
  key === 'options' && Array.isArray(value) ? new Set(value) : value

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'), setsForOptions) as AgentSettings
const agent = await startAgent(settings, { clock: systemClock, log: openLog(settings.log.level) })
process.stdout.write(`ready ${agent.port}\n`)
process.once('SIGTERM', () => {
  agent[Symbol.asyncDispose]().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
