import type { Command } from 'commander'
import type { OperatorDesk } from '../../center/operate/operator.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { studyName } from '../views/study-name.ts'
import { formatTable, printable } from '../views/text-table.ts'

interface HeldOptions extends JsonOption {
  readonly limit: number
  readonly released?: true
}

type HeldRow = Awaited<ReturnType<OperatorDesk['held']>>[number]

export function addCenterHeld(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('held')
    .description(say('centerHeld.about'))
    .option('--released', say('centerHeld.released'))
    .addOption(limitOption(session))
    .addOption(jsonOption(session))
    .action(async ({ limit, released, json }: HeldOptions) => {
      using desk = await openDesk(session, configOption(program))
      const instances = await desk.held(released ? 'released' : 'waiting', limit)
      if (json) return printJson(session, { instances })
      if (instances.length === 0) return terminal.print(say('centerHeld.none'))
      for (const line of heldText(instances, released === true, session)) terminal.print(line)
      if (!released) for (const line of ['', say('centerHeld.todo')]) terminal.print(line)
    })
}

function heldText(
  instances: readonly HeldRow[],
  isReleased: boolean,
  { say, clock, causes }: Session,
): string[] {
  const time = (at: number | null): string => (at === null ? '' : showTime(at, clock.now()))
  return formatTable(
    [
      { title: say('column.since') },
      { title: say('column.why') },
      { title: say('column.agent') },
      ...(isReleased ? [{ title: say('column.released') }, { title: say('column.by') }] : []),
      { title: say('column.study') },
      { title: say('column.instance') },
      { title: say('column.reason') },
    ],
    instances.map((one) => [
      time(one.since),
      say(`hold.${one.hold}`),
      printable(one.agent),
      ...(isReleased ? [time(one.releasedAt), printable(one.releasedBy ?? '')] : []),
      studyName(one.studyInstanceUid, say),
      printable(one.sopInstanceUid),
      causes(one.reason),
    ]),
  )
}
