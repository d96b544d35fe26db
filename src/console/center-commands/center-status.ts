import type { Command } from 'commander'
import { type CenterObservation, observeCenter } from '../../center/operate/observe-center.ts'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { configOption, jsonOption } from '../commands/options.ts'
import { CENTER_FILE, findConfig } from '../session/config-file.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { showOrWatch, type WatchOptions } from '../session/show-or-watch.ts'
import { centerFindings } from '../views/center-findings.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { CENTER_OUTLOOKS } from '../views/status-sentences.ts'
import { headlineText } from '../views/status-text.ts'
import { headlineOf } from '../views/status-view.ts'

export function addCenterStatus(program: Command, session: Session): void {
  program
    .command('status')
    .description(session.say('centerStatus.about'))
    .addOption(jsonOption(session))
    .option('--watch', session.say('watch.option'))
    .action(async (options: WatchOptions) => {
      session.conclude(await showOrWatch(session, options, () => showOnce(program, session, options)))
    })
}

async function showOnce(program: Command, session: Session, { json }: WatchOptions): Promise<ExitCode> {
  const configFile = findConfig(session, configOption(program), CENTER_FILE)
  const settings = loadCenterSettings(configFile, session.language)
  const { dataFolder: folder, publicUrl, tls, limits, alarms } = settings
  const { clock } = session
  const where = { folder, configFile, publicUrl, ...(tls && { tls }) }
  const seen = await observeCenter({ ...where, clock, limits, alarms })
  const { reserveBytes } = limits
  const findings = centerFindings(seen.conditions, session.say, session.language, session.causes)
  const isHealthy = findings.every(({ severity }) => severity !== 'act')
  const exitCode = isHealthy ? EXIT.ok : EXIT.unhealthy
  if (json) {
    const { isRunning, disks, figures } = seen
    printJson(session, { isHealthy, findings, isRunning, reserveBytes, disks, ...figures })
    return exitCode
  }
  const { say, terminal } = session
  for (const line of headlineText(headlineOf(findings, seen.now, say, CENTER_OUTLOOKS), terminal.paint))
    terminal.print(line)
  terminal.print('')
  for (const line of figuresText(seen, reserveBytes, session)) terminal.print(line)
  return exitCode
}

function figuresText(
  { figures, disks, now }: CenterObservation,
  reserveBytes: number,
  { say }: Session,
): string[] {
  const space = disks.map(({ folder, freeBytes }) =>
    say('centerStatus.disk', { folder, free: showBytes(freeBytes), reserve: showBytes(reserveBytes) }),
  )
  if (figures === undefined) return space
  const { agents, pacs, instances, held, packsUnderWay: packs, scrub, damagedFiles } = figures
  const { startedAt, checked, lost, finishedAt, finishedChecked, finishedLost } = scrub
  return [
    say('centerStatus.agents', agents),
    say('centerStatus.instances', { instances, held, packs }),
    say('centerStatus.pacs', { ...pacs }),
    ...(startedAt === null ? [] : [say('centerStatus.scrubbing', { checked, instances, lost })]),
    ...(finishedAt === null
      ? []
      : [
          say('centerStatus.scrubbed', {
            time: showTime(finishedAt, now),
            checked: finishedChecked,
            lost: finishedLost,
          }),
        ]),
    ...(damagedFiles === 0 ? [] : [say('centerStatus.damagedFiles', { count: damagedFiles })]),
    ...space,
  ]
}
