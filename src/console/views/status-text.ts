import type { Say } from '../language/language.ts'
import type { Style, Terminal } from '../session/terminal.ts'
import type { Level } from './status-sentences.ts'
import type { FindingView, Headline, Labelled, StatusView } from './status-view.ts'
import { displayWidth, formatTable, printable } from './text-table.ts'

type Paint = Terminal['paint']

const MARKS: Readonly<Record<Level, { mark: string; style: Style }>> = {
  act: { mark: '✗', style: 'red' },
  decide: { mark: '?', style: 'yellow' },
  coping: { mark: '!', style: 'yellow' },
  well: { mark: '✓', style: 'green' },
}

/** Returns the lines of `ferry status`: problems come first. */
export function statusText(view: StatusView, say: Say, paint: Paint): string[] {
  return [
    paint('bold', view.version),
    ...headlineText(view, paint),
    '',
    ...labelled(view.figures),
    '',
    ...devicesText(view, say),
  ]
}

export function headlineText({ level, headline, findings }: Headline, paint: Paint): string[] {
  const { mark, style } = MARKS[level]
  return [paint(style, `${mark} ${headline}`), ...findings.flatMap((finding) => findingText(finding, paint))]
}

function findingText({ level, what, advice }: FindingView, paint: Paint): string[] {
  const { mark, style } = MARKS[level]
  const lines = labelled(advice).map((line) => `      ${line}`)
  return ['', `  ${paint(style, mark)} ${printable(what)}`, ...lines]
}

function labelled(rows: readonly Labelled[]): string[] {
  const width = Math.max(...rows.map(({ label }) => displayWidth(label)))
  return rows.map(
    ({ label, text }) => `${label}${' '.repeat(width - displayWidth(label))}  ${printable(text)}`,
  )
}

function devicesText({ devices }: StatusView, say: Say): string[] {
  if (devices.rows.length === 0) return [say('report.noDevices')]
  return formatTable(
    devices.titles.map((title) => ({ title })),
    devices.rows,
  )
}
