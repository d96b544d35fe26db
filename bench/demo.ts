import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { AgentStatus } from '../src/protocol/control-api.ts'
import { parseEnvelope } from '../src/protocol/spool-file.ts'
import { bytesOf, spooledIn } from '../test/support/instances/spooled.ts'
import { ask, FERRY } from './ferry-cli.ts'
import { AgentProcess, CenterProcess, DEVICE_AE_TITLE } from './ferry-pair.ts'
import { makeStudy } from './make-study.ts'
import { instanceOnDisk, sendStudy } from './send-study.ts'

const SLICES = 200
const CLINIC = 'Demo clinic'

const say = (text: string): boolean => process.stdout.write(`${text}\n`)

/** Programs and folders that the demo leaves, and where. */
interface Demo {
  folder: string
  center: CenterProcess
  agent: AgentProcess
}

process.exitCode = await main(process.argv.includes('--keep'))

/** A center, an agent that joins it, and a CT study that crosses: all through the commands that a clinic would use. */
async function main(keep: boolean): Promise<number> {
  // Ctrl-C reaches agent and center too; that they end is what ends the demo, and the folder is cleared away.
  process.on('SIGINT', () => {})
  const folder = await mkdtemp(join(tmpdir(), 'ferry-demo-'))
  try {
    say(`Ferry demo in ${folder}\n`)
    await using center = await CenterProcess.init(join(folder, 'center'), 'Demo center')
    await center.start()
    say(`1. The center listens on https://127.0.0.1:${center.port} (ferry-center init, run).`)
    await using agent = await AgentProcess.init(join(folder, 'clinic'), {
      quiet: '1s',
      unknownDevices: 'reject',
    })
    const fingerprint = await agent.join(center, CLINIC)
    say(
      `2. The agent joined it: its key ${fingerprint.slice(0, 16)}… was made here and approved there (ferry join).`,
    )
    await agent.start()
    say(
      `3. The agent listens for devices on port ${agent.scp.port}, AE title ${agent.scp.aeTitle} (ferry run).`,
    )
    await sendCt(agent, folder)
    const study = await followToTheReceipt(agent)
    const demo = { folder, center, agent }
    await showReceipt(demo, study)
    showWhatNext(demo, keep)
    if (keep) await untilInterrupted()
    return 0
  } catch (error) {
    process.stderr.write(
      `The demo did not come through: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return 1
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true })
  }
}

async function sendCt(agent: AgentProcess, folder: string): Promise<void> {
  const paths = await makeStudy('ct', SLICES, join(folder, 'device'))
  const instances = await Promise.all(paths.map(instanceOnDisk))
  const started = performance.now()
  await sendStudy(agent.scp, instances, { callingAeTitle: DEVICE_AE_TITLE })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(
    `4. ${DEVICE_AE_TITLE} sent a CT study of ${SLICES} slices by C-STORE in ${seconds} s; each was sealed and on the disk before its Success.\n`,
  )
}

/** Shows how the study gets through; answers its Study Instance UID. */
async function followToTheReceipt(agent: AgentProcess): Promise<string> {
  let shown = ''
  for (;;) {
    const { deliveries, alarms } = await agent.status()
    const line = progress(deliveries)
    if (line !== shown) say(line)
    shown = line
    if (alarms.length > 0) throw new Error(alarms.map(({ message }) => message).join('; '))
    if (deliveries.confirmed === SLICES) break
    await delay(100)
  }
  const { studies } = await ask(FERRY, ['study', '--config', agent.config])
  const [study] = studies as { studyInstanceUid: string }[]
  return study?.studyInstanceUid ?? ''
}

function progress({ queued, sending, delivered, confirmed }: AgentStatus['deliveries']): string {
  const cells = { queued, sending, delivered, confirmed }
  return `   ${Object.entries(cells)
    .map(([state, count]) => `${state} ${String(count).padStart(3)}`)
    .join('   ')}`
}

async function showReceipt({ folder, agent }: Demo, study: string): Promise<void> {
  const evidence = join(folder, 'evidence.json')
  await ask(FERRY, ['study', study, '--evidence', evidence, '--config', agent.config])
  say(
    `\n5. The center has signed for all ${SLICES}: it opened each, computed its digest again, stored it durably.`,
  )
  say(`   Signed manifest and receipt: ${evidence}`)
}

/** Prints command lines that can be pasted while the demo is kept. */
function showWhatNext({ center, agent }: Demo, keep: boolean): void {
  const [host, port] = ['127.0.0.1', agent.scp.port]
  const { spoolFile, skip, length } = someSpoolFile(agent.spoolFolder)
  const key = center.recoveryKeyFile
  const ferry = `npm run -s ferry -- --config ${agent.config}`
  say(`
What to try${keep ? '' : ' (start the demo with `npm run demo -- --keep`, and it goes on running)'}:
   the status page              ${agent.pageUrl}
   what is through, what waits  ${ferry} status
   the study and its receipt    ${ferry} study
   echo, as a device            npm run -s ferry -- echo ${agent.scp.aeTitle}@${host}:${port} --calling ${DEVICE_AE_TITLE}
   the same with DCMTK          echoscu -aet ${DEVICE_AE_TITLE} -aec ${agent.scp.aeTitle} ${host} ${port}
   a stranger is turned away    echoscu -aet STRANGER -aec ${agent.scp.aeTitle} ${host} ${port}
   the stored DICOM files       ${center.instancesFolder}
   open a sealed file with age and the recovery key (it is a DICOM file again):
     tail -c +${skip + 1} ${spoolFile} | head -c ${length} | age -d -i ${key} > slice.dcm`)
}

/** Where in the spool the age file of an instance lies. */
function someSpoolFile(folder: string): { spoolFile: string; skip: number; length: number } {
  const [some] = spooledIn(folder)
  if (some === undefined) throw new Error('the spool is empty')
  const ageFrom = parseEnvelope(bytesOf(some))?.bytesRead ?? 0
  return { spoolFile: some.path, skip: some.offset + ageFrom, length: some.trailer.sealedBytes - ageFrom }
}

function untilInterrupted(): Promise<void> {
  say('\nRunning until Ctrl-C; the folder stays.')
  return new Promise((resolve) => {
    const ticking = setInterval(() => {}, 60_000)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(ticking)
        resolve()
      })
    }
  })
}
