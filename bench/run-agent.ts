import { startAgent } from '../src/agent/agent.ts'
import { loadAgentSettings } from '../src/config/agent-settings.ts'
import { systemClock } from '../src/platform/clock.ts'
import { openLog } from '../src/platform/log.ts'
const settings = loadAgentSettings(process.argv[2] ?? '')
const agent = await startAgent(settings, { clock: systemClock, log: openLog(settings.log.level) })
process.once('SIGTERM', () => void agent[Symbol.asyncDispose]().then(() => process.exit(0)))
