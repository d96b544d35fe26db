import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadAgentSettings } from '../../config/agent-settings.ts'
import { commitmentsSchema } from '../../protocol/commitments-api.ts'
import { CONTROL_PATHS, devicesSchema, queueSchema, statusSchema } from '../../protocol/control-api.ts'
import { bundledLog } from '../bundle/bundled-log.ts'
import { bundledSettings } from '../bundle/bundled-settings.ts'
import { type BundlePart, makeBundle } from '../bundle/make-bundle.ts'
import { AGENT_FILE, existingConfig } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

export interface BundleOptions extends JsonOption {
  readonly output?: string
}

export function addSupportBundle(program: Command, session: Session): void {
  const { say } = session
  program
    .command('support-bundle')
    .description(say('bundle.about'))
    .option('--output <file>', say('bundle.output'))
    .addOption(jsonOption(session))
    .action(async (options: BundleOptions) => {
      await writeBundle(session, 'ferry', options, agentParts(session, configOption(program)))
    })
}

/** Writes the file and says where it is, and what to do with it. */
export async function writeBundle(
  session: Session,
  name: string,
  { output, json }: BundleOptions,
  parts: Readonly<Record<string, BundlePart>>,
): Promise<void> {
  const { terminal, say, clock } = session
  const day = new Date(clock.now()).toISOString().slice(0, 16).replaceAll(/[:T]/g, '-')
  const path = resolve(terminal.folder, output ?? `${name}-support-${day}.tar.gz`)
  const files = await makeBundle(session, path, parts)
  if (json) printJson(session, { path, files })
  else terminal.print(say('bundle.done', { path }))
}

function agentParts(session: Session, config: string | undefined): Readonly<Record<string, BundlePart>> {
  const file = existingConfig(session, config, AGENT_FILE)
  const settings = () => loadAgentSettings(file ?? AGENT_FILE)
  const ask = async (schema: Parameters<ControlClient['call']>[0], path: string): Promise<unknown> =>
    (await new ControlClient(settings().dataFolder).call(schema, 'GET', path)).value
  return {
    // The journal first: it is readable for root, and not for the user of the service.
    'log.jsonl': (masks) => bundledLog('ferry', settings().log, masks),
    'doctor.json': async () => {
      const { examineAgent } = await import('../doctor/examine-agent.ts')
      return examineAgent(session, { config, isEchoWanted: false })
    },
    'status.json': () => ask(statusSchema, CONTROL_PATHS.status),
    'queue.json': () => ask(queueSchema, `${CONTROL_PATHS.queue}?limit=1000`),
    'devices.json': () => ask(devicesSchema, CONTROL_PATHS.devices),
    'commitments.json': () => ask(commitmentsSchema, `${CONTROL_PATHS.commitments}?limit=1000`),
    'settings.json': () => bundledSettings(settings()),
    'index.json': async () => {
      const { inspectQueue } = await import('../../agent/queue/inspect-queue.ts')
      return inspectQueue(settings().dataFolder)
    },
  }
}
