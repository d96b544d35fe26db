import type { Command } from 'commander'
import { observeCenter } from '../../center/operate/observe-center.ts'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { bundledLog } from '../bundle/bundled-log.ts'
import { bundledSettings } from '../bundle/bundled-settings.ts'
import type { BundlePart } from '../bundle/make-bundle.ts'
import { configOption, jsonOption } from '../commands/options.ts'
import { type BundleOptions, writeBundle } from '../commands/support-bundle.ts'
import { examineCenterProgram } from '../doctor/examine-center.ts'
import { CENTER_FILE, existingConfig } from '../session/config-file.ts'
import { openDesk } from '../session/open-desk.ts'
import type { Session } from '../session/session.ts'

export function addCenterSupportBundle(program: Command, session: Session): void {
  const { say } = session
  program
    .command('support-bundle')
    .description(say('bundle.about'))
    .option('--output <file>', say('bundle.output'))
    .addOption(jsonOption(session))
    .action(async (options: BundleOptions) => {
      await writeBundle(session, 'ferry-center', options, centerParts(session, configOption(program)))
    })
}

function centerParts(session: Session, config: string | undefined): Readonly<Record<string, BundlePart>> {
  const file = existingConfig(session, config, CENTER_FILE) ?? CENTER_FILE
  const settings = () => loadCenterSettings(file)
  return {
    // The journal first: it is readable for root, and not for the user of the service.
    'log.jsonl': (masks) => bundledLog('ferry-center', settings().log, masks),
    'doctor.json': () => examineCenterProgram(session, config),
    'status.json': () => {
      const { dataFolder: folder, publicUrl, tls, limits, alarms } = settings()
      const where = { folder, configFile: file, publicUrl, ...(tls && { tls }) }
      return observeCenter({ ...where, clock: session.clock, limits, alarms })
    },
    'agents.json': async () => {
      using desk = await openDesk(session, config)
      return await desk.agents()
    },
    'settings.json': () => bundledSettings(settings()),
  }
}
