import { type CenterOptions, startCenter } from '../../src/center/center.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'

/* A center as a process of its own, so that a test can kill it: takes the folder and its limits, prints its port. */
const center = await startCenter({
  folder: process.argv[2] ?? '',
  listen: { host: '127.0.0.1', port: 0 },
  name: 'District center',
  limits: JSON.parse(process.argv[3] ?? '') as CenterOptions['limits'],
  clock: systemClock,
  log: silentLog,
})
process.stdout.write(`${center.port}\n`)
