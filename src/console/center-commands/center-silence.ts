import { type Command, InvalidArgumentError } from 'commander'
import type { OperatorDesk } from '../../center/operate/operator.ts'
import { parseDuration } from '../../config/yaml/quantity.ts'
import { Failure } from '../../platform/failure.ts'
import { configOption, type JsonOption, jsonOption, limitOption, wholeNumber } from '../commands/options.ts'
import { CONDITIONS } from '../language/condition-words.ts'
import { openDesk } from '../session/open-desk.ts'
import { osUser } from '../session/os-user.ts'
import { printJson, type Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { formatTable, printable } from '../views/text-table.ts'

type SilenceRow = Awaited<ReturnType<OperatorDesk['silences']>>[number]

const LONGEST_MS = 30 * 24 * 3_600_000

/** `ferry-center silence`: no messages about a condition until a time. The status shows the condition as before. */
export function addSilence(program: Command, session: Session): void {
  const { say, terminal, clock } = session
  const silence = program.command('silence').description(say('silence.about'))

  silence
    .command('add', { isDefault: true })
    .description(say('silence.add.about'))
    .argument('<code>', say('silence.code'))
    .argument('[subject]', say('silence.subject'))
    .requiredOption('--until <duration>', say('silence.until'), lifeMs(session))
    .addOption(jsonOption(session))
    .action(async (code: string, subject: string | undefined, options: JsonOption & { until: number }) => {
      if (!Object.hasOwn(CONDITIONS.en, code)) throw new Failure('USAGE', say('silence.unknown', { code }))
      using desk = await openDesk(session, configOption(program))
      const what = { code, subject: subject ?? null, lifeMs: options.until, by: osUser(terminal) }
      const begun = await desk.silence(what)
      if (options.json) return printJson(session, { silence: begun })
      terminal.print(say('silence.done', { id: begun.id, time: showTime(begun.until, clock.now()) }))
    })

  silence
    .command('list')
    .description(say('silence.list.about'))
    .addOption(limitOption(session))
    .addOption(jsonOption(session))
    .action(async ({ limit, json }: JsonOption & { limit: number }) => {
      using desk = await openDesk(session, configOption(program))
      const silences = await desk.silences(limit)
      if (json) return printJson(session, { silences })
      if (silences.length === 0) return terminal.print(say('silence.none'))
      for (const line of silencesText(silences, session)) terminal.print(line)
    })

  silence
    .command('end')
    .description(say('silence.end.about'))
    .argument('<number>', say('silence.number'), wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .addOption(jsonOption(session))
    .action(async (id: number, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      if (!(await desk.endSilence(id, osUser(terminal))))
        throw new Failure('USAGE', say('silence.notInForce', { id }))
      if (json) printJson(session, { ended: id })
      else terminal.print(say('silence.ended', { id }))
    })
}

/** Reads 30m, 2h or 7d, at most 30 days. */
function lifeMs({ say }: Session): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text) ?? 0
    if (ms > 0 && ms <= LONGEST_MS) return ms
    throw new InvalidArgumentError(say('silence.badUntil'))
  }
}

function silencesText(silences: readonly SilenceRow[], { say, clock }: Session): string[] {
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.number'), align: 'right' },
      { title: say('column.state') },
      { title: say('column.code') },
      { title: say('column.subject') },
      { title: say('column.until') },
      { title: say('column.by') },
    ],
    silences.map(({ id, code, subject, until, begunBy, endedAt, endedBy }) => [
      String(id),
      say(endedAt === null && until > now ? 'silence.inForce' : 'silence.over'),
      code,
      printable(subject ?? say('silence.everything')),
      showTime(endedAt ?? until, now),
      printable(endedBy === null ? begunBy : `${begunBy} / ${endedBy}`),
    ]),
  )
}
