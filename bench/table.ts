import type { Usage } from './measure.ts'
import type { Holding } from './receivers/receiver.ts'

/** One subject in one group of the comparison. */
export interface Row {
  readonly subject: string
  /** The meaning of its Success, or its set-up. */
  readonly note: string
  readonly instances: number
  readonly rounds: number
  readonly seconds: number
  readonly instancesPerSecond: number
  readonly megabytesPerSecond: number
  readonly cpuSecondsPerGigabyte: number
  readonly peakMegabytes: number
  /** Ms of half, of 95 % and of 99 % of the instances, if the sender told them. */
  readonly latenciesMs?: readonly [number, number, number]
  /** Flushes of the disk for each instance. */
  readonly flushesPerInstance?: number
  /** Its outcome was not what was sent, so its figures count for nothing. */
  readonly failure?: string
}

/** Subjects that did the same work in the same run. */
export interface Group {
  readonly title: string
  /** The one that the others are divided by. */
  readonly reference: string
  readonly rows: readonly Row[]
}

/** A table of anything else, with what went wrong in it. */
export interface Sheet {
  readonly title: string
  readonly columns: readonly string[]
  readonly lines: readonly (readonly string[])[]
  /** Promises that did not hold. */
  readonly failures: readonly string[]
  readonly remarks: readonly string[]
}

/** The median of each figure over the rounds. */
export function rowOf(subject: string, note: string, load: Holding, usages: readonly Usage[]): Row {
  const { instances, dataSetBytes } = load
  const seconds = median(usages.map((usage) => usage.seconds))
  return {
    subject,
    note,
    instances,
    rounds: usages.length,
    seconds,
    instancesPerSecond: instances / seconds,
    megabytesPerSecond: dataSetBytes / 1e6 / seconds,
    cpuSecondsPerGigabyte: median(usages.map((usage) => usage.cpuSeconds)) / (dataSetBytes / 1e9),
    peakMegabytes: median(usages.map((usage) => usage.peakBytes)) / 1e6,
    ...latenciesOf(usages),
    ...flushesOf(usages, instances),
  }
}

function latenciesOf(usages: readonly Usage[]): Pick<Row, 'latenciesMs'> {
  const rounds = usages.flatMap(({ latenciesMs }) => (latenciesMs === undefined ? [] : [latenciesMs]))
  if (rounds.length === 0) return {}
  const sorted = rounds.map((round) => round.toSorted((a, b) => a - b))
  const at = (part: number): number =>
    median(
      sorted.map((round) => round[Math.min(round.length - 1, Math.floor(part * round.length))] ?? Number.NaN),
    )
  return { latenciesMs: [at(0.5), at(0.95), at(0.99)] }
}

function flushesOf(usages: readonly Usage[], instances: number): Pick<Row, 'flushesPerInstance'> {
  const counted = usages.flatMap(({ flushes }) => (flushes === undefined ? [] : [flushes]))
  return counted.length === 0 ? {} : { flushesPerInstance: median(counted) / instances }
}

/** A row for what did not do its work. */
export function failedRow(subject: string, note: string, load: Holding, failure: string): Row {
  const none = {
    seconds: 0,
    instancesPerSecond: 0,
    megabytesPerSecond: 0,
    cpuSecondsPerGigabyte: 0,
    peakMegabytes: 0,
  }
  return { subject, note, instances: load.instances, rounds: 0, ...none, failure }
}

/** Returns the speed as a multiple of the reference's; undefined if one of them is missing. */
function ratio({ rows, reference }: Group, row: Row): number | undefined {
  const base = rows.find(({ subject }) => subject === reference)
  if (base === undefined || base.failure !== undefined || row.failure !== undefined) return undefined
  return base.seconds / row.seconds
}

/** True where a subject or a promise failed. */
export function isFailed(table: Group | Sheet): boolean {
  return 'rows' in table ? table.rows.some(({ failure }) => failure !== undefined) : table.failures.length > 0
}

/** A table in Markdown, aligned to be read as it is. */
export function formatTable(table: Group | Sheet): string {
  return 'rows' in table ? formatGroup(table) : formatSheet(table)
}

function formatSheet({ title, columns, lines, failures, remarks }: Sheet): string {
  const notes = [...failures.map((failure) => `**FAILED**: ${failure}`), ...remarks]
  return [...gridOf(title, columns, lines, 1), ...notes.map((note) => `- ${note}`), ''].join('\n')
}

function formatGroup(group: Group): string {
  const titles = [
    'subject',
    'note',
    'inst/s',
    'MB/s',
    'CPU s/GB',
    'peak MB',
    'seconds',
    `× ${group.reference}`,
    ...(hasMore(group) ? ['ms 50 %', '95 %', '99 %', 'flushes/inst'] : []),
  ]
  const lines = group.rows.map((row) => [row.subject, row.note, ...figures(group, row)])
  return gridOf(group.title, titles, lines, 2).join('\n')
}

/** The first columns are words, the others figures. */
function gridOf(
  title: string,
  titles: readonly string[],
  lines: readonly (readonly string[])[],
  words: number,
): string[] {
  const widths = titles.map((one, i) => Math.max(one.length, ...lines.map((line) => line[i]?.length ?? 0)))
  const pad = (cell: string, i: number): string =>
    i < words ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  const format = (line: readonly string[]): string => `| ${line.map(pad).join(' | ')} |`
  const rules = widths.map((width, i) => (i < words ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [`### ${title}`, '', format(titles), `| ${rules.join(' | ')} |`, ...lines.map(format), '']
}

function figures(group: Group, row: Row): string[] {
  if (row.failure !== undefined)
    return [row.failure, '', '', '', '', '', ...(hasMore(group) ? ['', '', '', ''] : [])]
  const times = ratio(group, row)
  return [
    row.instancesPerSecond < 10 ? row.instancesPerSecond.toPrecision(2) : row.instancesPerSecond.toFixed(0),
    row.megabytesPerSecond.toFixed(0),
    row.cpuSecondsPerGigabyte.toFixed(1),
    row.peakMegabytes.toFixed(0),
    row.seconds.toFixed(1),
    times === undefined ? '' : times.toFixed(2),
    ...(hasMore(group) ? moreFigures(row) : []),
  ]
}

const hasMore = ({ rows }: Group): boolean => rows.some(({ latenciesMs }) => latenciesMs !== undefined)

const moreFigures = ({ latenciesMs, flushesPerInstance }: Row): string[] => [
  ...[0, 1, 2].map((i) => latenciesMs?.[i]?.toFixed(1) ?? ''),
  flushesPerInstance?.toFixed(2) ?? '',
]

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
