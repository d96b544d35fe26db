// Runs a center as a process of its own, from the options in a JSON file: for tests that kill it.
import { readFileSync } from 'node:fs'
import { type CenterOptions, startCenter } from '../../../src/center/center.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type LogLevel, openLog } from '../../../src/platform/log.ts'
import { allowManyFileOperations } from '../../../src/platform/process/io-threads.ts'
import { keepYoungGenerationSmall } from '../../../src/platform/process/young-generation.ts'

allowManyFileOperations()
keepYoungGenerationSmall()

const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as CenterOptions & {
  logLevel?: LogLevel
}
const log = openLog(options.logLevel ?? 'error')
const center = await startCenter({ ...options, clock: systemClock, log })
process.stdout.write(`ready ${center.port}\n`)
process.once('SIGTERM', () => {
  void center.close().then(() => process.exit(0))
})
