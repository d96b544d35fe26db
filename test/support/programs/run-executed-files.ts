import { Session } from 'node:inspector/promises'
import { inventedInstance } from '../instances/invented-instance.ts'
import { sendInstances } from '../peers/send-instances.ts'
import { allSettled, openClinic } from './clinic.ts'

// Run by executed-files.ts: prints the files of src/ whose functions one C-STORE calls.
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await using clinic = await openClinic()
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

/** The counts begin again with each call. */
async function calledSince(): Promise<string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  return result
    .filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    )
    .flatMap(({ url }) => /\/src\/(.*)$/.exec(url)?.[1] ?? [])
}

await calledSince()
const [answer] = await sendInstances(clinic.agent.port, [inventedInstance(1_000_000)])
if (answer?.status !== 0) throw new Error(`the instance was answered ${answer?.status}`)
const success = await calledSince()
const { confirmed } = await allSettled(clinic)
if (confirmed !== 1) throw new Error(`${confirmed} instances are confirmed`)
const receipt = await calledSince()
process.stdout.write(JSON.stringify({ success, receipt }))
