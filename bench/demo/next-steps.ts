import { open, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseEnvelope, TRAILER_BYTES } from '../../src/protocol/spool-file.ts'
import { type AgentProcess, type CenterProcess, DEVICE_AE_TITLE } from '../ferry-pair.ts'
import { isInstalled } from '../workbench.ts'
import { filesIn } from './compare-data-sets.ts'
import { command, say } from './print.ts'

export interface Stage {
  readonly folder: string
  readonly center: CenterProcess
  readonly agent: AgentProcess
  readonly studyFolder: string
}

const ferry = (args: string): string => `npm run -s ferry -- ${args}`

/** What can be tried while everything runs: command lines that work from the folder of this project. */
export async function showNextSteps({ folder, center, agent, studyFolder }: Stage): Promise<void> {
  const { host, port, aeTitle } = agent.scp
  const peer = `${aeTitle}@${host}:${port}`
  say('Everything runs until Ctrl-C. From another terminal, in this folder:')
  command('Is it well? (also at ' + agent.pageUrl + ')', ferry(`status --config ${agent.config}`))
  command('Does it answer a modality?', ferry(`echo ${peer} --calling ${DEVICE_AE_TITLE}`))
  if (isInstalled('echoscu')) {
    command(
      '… and a modality of another make?',
      `echoscu -aet ${DEVICE_AE_TITLE} -aec ${aeTitle} ${host} ${port}`,
    )
  }
  command(
    'Send it again: nothing is stored twice',
    ferry(`send ${peer} ${studyFolder} --calling ${DEVICE_AE_TITLE}`),
  )
  command('What came in at the center', `npm run -s ferry-center -- studies --config ${center.config}`)
  const [stored = ''] = await filesIn(center.instancesFolder)
  command(
    'Open a stored file',
    isInstalled('dcmdump') ? `dcmdump +U8 +P PatientName ${stored}` : `ls -l ${stored}`,
  )
  await showUnsealing(folder, center, agent)
}

/** Spool file: plain envelope, age file, trailer (docs/protocol.md); what lies between is anybody's age file. */
async function showUnsealing(folder: string, center: CenterProcess, agent: AgentProcess): Promise<void> {
  const [sealed] = await filesIn(agent.spoolFolder)
  if (sealed === undefined) return
  const keyFile = join(folder, 'recovery.key')
  await writeFile(keyFile, `${center.recoveryIdentity}\n`, { mode: 0o600 })
  const { start, bytes } = await ageFileWithin(sealed)
  command(
    `Open what rests on the clinic's disk with age and the center's recovery key${isInstalled('age') ? '' : ' (install age first)'}`,
    `tail -c +${start + 1} ${sealed} | head -c ${bytes} | age -d -i ${keyFile} > ${join(folder, 'opened.dcm')}`,
  )
}

async function ageFileWithin(path: string): Promise<{ start: number; bytes: number }> {
  await using file = await open(path)
  const { size } = await file.stat()
  const head = Buffer.alloc(Math.min(size, 66_000))
  await file.read(head, 0, head.length, 0)
  const start = parseEnvelope(head)?.bytesRead
  if (start === undefined) throw new Error(`${relative('.', path)} is not a spool file`)
  return { start, bytes: size - start - TRAILER_BYTES }
}
