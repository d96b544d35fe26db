import type { Command } from 'commander'
import { type HistorySpan, historySchema } from '../../../protocol/agent-views-api.ts'
import { CONTROL_PATHS } from '../../../protocol/control-api.ts'
import { agentSettings } from '../../session/config-file.ts'
import { ControlClient } from '../../session/control-client.ts'
import { EXIT } from '../../session/exit-codes.ts'
import type { Session } from '../../session/session.ts'
import { dayName, hourName } from '../../views/show-date.ts'
import { showBytes, showDuration } from '../../views/show-values.ts'
import { formatTable } from '../../views/text-table.ts'
import { configOption, jsonOption } from '../options.ts'

interface HistoryOptions {
  readonly days?: true
  readonly json?: boolean
}

export function addHistory(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('history')
    .description(say('history.about'))
    .addOption(jsonOption(session))
    .option('--days', say('history.days'))
    .action(async ({ days, json }: HistoryOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const answer = await client.call(historySchema, 'GET', CONTROL_PATHS.history)
      if (json) terminal.print(answer.json)
      else {
        const [spans, nameOf] = days ? [answer.value.days, dayName] : [answer.value.hours, hourName]
        for (const line of historyText(spans, nameOf, session)) terminal.print(line)
      }
      session.conclude(EXIT.ok)
    })
}

/** One line for each hour or day since the first with anything in it, and one for all. */
function historyText(
  spans: readonly HistorySpan[],
  nameOf: (at: number) => string,
  { say }: Session,
): string[] {
  const first = spans.findIndex(({ images, refused, failures, confirmed }) =>
    [images, refused, failures, confirmed].some((count) => count > 0),
  )
  if (first === -1) return [say('history.none')]
  const shown = spans.slice(first)
  const cells = (
    name: string,
    { images, bytes, confirmed, latencyMs, refused, failures }: Counts,
  ): string[] => [
    name,
    String(images),
    showBytes(bytes),
    String(confirmed),
    latencyMs === null ? '–' : showDuration(latencyMs, say),
    String(refused),
    String(failures),
  ]
  return formatTable(
    [
      { title: say('column.time') },
      ...(['images', 'bytes', 'confirmed', 'latency', 'refused', 'failures'] as const).map((figure) => ({
        title: say(`history.${figure}`),
        align: 'right' as const,
      })),
    ],
    [...shown.map((one) => cells(nameOf(one.at), one)), cells(say('history.sum'), sumOf(shown))],
  )
}

type Counts = Omit<HistorySpan, 'at'>

function sumOf(spans: readonly HistorySpan[]): Counts {
  const sum = (of: (one: HistorySpan) => number): number => spans.reduce((total, one) => total + of(one), 0)
  const confirmed = sum((one) => one.confirmed)
  return {
    images: sum(({ images }) => images),
    bytes: sum(({ bytes }) => bytes),
    refused: sum(({ refused }) => refused),
    failures: sum(({ failures }) => failures),
    confirmed,
    latencyMs: confirmed === 0 ? null : sum((one) => (one.latencyMs ?? 0) * one.confirmed) / confirmed,
  }
}
