import { dirname, join } from 'node:path'
import { Database } from '../../../src/platform/sqlite.ts'
import { SyncTrace, type SystemCall } from '../../support/programs/sync-order.ts'

const REGISTER_SCHEMA = join(import.meta.dirname, '../../../src/center/register/sqlite/schema')

/** How many answers of each kind left the center, and those that left before what they promise was durable. */
export interface AnswerOrder {
  taken: number
  stored: number
  receipts: number
  tooEarly: string[]
}

interface Mark {
  kind: string
  /** The upload, or the member's ULID. */
  name: string
  offset: number
  call: SystemCall
}

/** Reads the trace of a center that ran with kill-mark-answers.mjs in `folder` and has ended. */
export function answerOrder(traceFile: string, folder: string): AnswerOrder {
  const trace = new SyncTrace(traceFile)
  const marks = trace.writesTo('/dev/null').map(({ call, text }): Mark => {
    const [kind = '', name = '', offset = '0'] = text.split(' ')
    return { kind, name, offset: Number(offset), call }
  })
  const center = { trace, folder, wal: join(folder, 'register.sqlite-wal') }
  const [taken, stored, receipts] = [lastChunks(marks), ofKind(marks, 'stored'), ofKind(marks, 'receipt')]
  const files = storedFiles(folder)
  return {
    taken: taken.length,
    stored: stored.length,
    receipts: receipts.length,
    tooEarly: [
      ...taken.filter(({ name, call }) => !isPackSynced(center, name, call)),
      ...stored.filter(({ name, call }) => !isInstanceSynced(center, files.get(name) ?? 'none', call)),
      ...receipts.filter(({ call }) => !isCommitted(center, marks, call)),
    ].map(({ kind, name }) => `${kind} ${name}`),
  }
}

interface TracedCenter {
  trace: SyncTrace
  folder: string
  wal: string
}

const ofKind = (marks: readonly Mark[], kind: string): Mark[] => marks.filter((mark) => mark.kind === kind)

/** The answers after which an agent counts a pack as taken whole. */
function lastChunks(marks: readonly Mark[]): Mark[] {
  const byUpload = Map.groupBy(ofKind(marks, 'taken'), ({ name }) => name)
  return Array.from(byUpload.values()).flatMap((chunks) => chunks.at(-1) ?? [])
}

/** The pack's bytes, then its name. */
function isPackSynced({ trace, folder }: TracedCenter, uploadId: string, answer: SystemCall): boolean {
  return trace.syncWithName(join(folder, 'packs', uploadId), answer.began) !== undefined
}

/** The instance's bytes, then its name and those of its folders, then the register's rows. */
function isInstanceSynced({ trace, folder, wal }: TracedCenter, file: string, answer: SystemCall): boolean {
  const path = join(folder, 'instances', file)
  const data = trace.syncOf(path, answer.began)
  if (data === undefined) return false
  const series = dirname(path)
  const names = [series, dirname(series), dirname(dirname(series))].map((it) =>
    trace.syncOf(it, answer.began, data.ended),
  )
  const named = Math.max(...names.map((sync) => sync?.ended ?? Number.POSITIVE_INFINITY))
  return trace.writesTo(wal).some(({ call }) => {
    // The first sync after a write to the log, with nothing else written to it in between.
    const isSync = call.name === 'fdatasync' || call.name === 'fsync'
    const isInTime = call.began > named && call.ended < answer.began && call.result === '0'
    return isSync && isInTime && trace.syncOf(wal, call.ended + 1, named) !== undefined
  })
}

/** Between this answer and the one before it the register's log was written and synced to its end. */
function isCommitted({ trace, wal }: TracedCenter, marks: readonly Mark[], answer: SystemCall): boolean {
  const before = marks.filter(({ call }) => call.began < answer.began).at(-1)
  return trace.syncOf(wal, answer.began, before?.call.ended) !== undefined
}

/** Where the register says that each member lies, by its ULID. */
function storedFiles(folder: string): Map<string, string> {
  const database = Database.open(join(folder, 'register.sqlite'), REGISTER_SCHEMA)
  const rows = database.all<{ ulid: string; file: string }>(
    'SELECT d.ulid, i.file FROM deliveries d JOIN instances i ON i.id = d.instance_id',
  )
  database.close()
  return new Map(rows.map(({ ulid, file }) => [ulid, file]))
}
