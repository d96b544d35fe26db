import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { spoolFilesNow } from '../../../src/agent/queue/spool/spool-names.ts'
import { MARKER_FILE } from '../../../src/center/store/store-marker.ts'
import { parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { spooledIn } from '../../support/instances/spooled.ts'
import type { Acknowledged } from './kill-device.ts'

const SOURCES = join(import.meta.dirname, '../../../src')
const QUEUE_SCHEMA = join(SOURCES, 'agent/queue/schema')
const REGISTER_SCHEMA = join(SOURCES, 'center/register/sqlite/schema')

interface Folders {
  readonly dataFolder: string
  readonly centerFolder: string
}

interface AgentRow {
  ulid: string
  uid: string
  digest: string
  removedAt: number | null
  state: string
  reason: string | null
}

interface CenterRow {
  uid: string
  digest: string
  file: string
}

/** Acknowledged instances that are not exactly once in the agent's index, in words. The agent must be running. */
export function unindexed(dataFolder: string, acknowledged: readonly Acknowledged[]): string[] {
  using queue = read(join(dataFolder, 'queue.sqlite'), QUEUE_SCHEMA)
  const byUid = Map.groupBy(agentRows(queue.database), ({ uid }) => uid)
  return acknowledged.flatMap(({ sopInstanceUid, dataSetSha256 }) => {
    const rows = byUid.get(sopInstanceUid) ?? []
    const count = rows.filter(({ digest }) => digest === (dataSetSha256 ?? digest)).length
    return count === 1 ? [] : [`acknowledged and ${count} times in the index: ${sopInstanceUid}`]
  })
}

/**
 * Compares what was acknowledged, the agent's spool and index, and the center's register and files, until they agree or
 * the time is over; answers with what is still wrong, in words. Both must be running.
 */
export async function accountOf(
  folders: Folders,
  acknowledged: readonly Acknowledged[],
  limitMs = 20_000,
): Promise<string[]> {
  const started = performance.now()
  for (;;) {
    const wrong = compare(folders, acknowledged)
    if (wrong.length === 0 || performance.now() - started > limitMs) return wrong
    await pause(50)
  }
}

function compare({ dataFolder, centerFolder }: Folders, acknowledged: readonly Acknowledged[]): string[] {
  using queue = read(join(dataFolder, 'queue.sqlite'), QUEUE_SCHEMA)
  using register = read(join(centerFolder, 'register.sqlite'), REGISTER_SCHEMA)
  const atAgent = agentRows(queue.database)
  const atCenter = register.database.all<CenterRow>(
    'SELECT sop_instance_uid AS uid, data_set_sha256 AS digest, file FROM instances',
  )
  const alarms = queue.database.all<{ code: string; subject: string }>('SELECT code, subject FROM alarm')
  const shown = new Set(alarms.map(({ subject }) => subject))
  return [
    ...unindexed(dataFolder, acknowledged),
    ...atAgent.flatMap(({ ulid, state, reason }) =>
      state === 'confirmed' ? [] : [`${ulid} is ${state}: ${reason ?? 'no reason given'}`],
    ),
    // An unfinished file of an agent that had nothing else in its spool is kept, and shown: that is not a loss.
    ...alarms.flatMap(({ code, subject }) => (code === 'SPOOL_FILE_INVALID' ? [] : [`${code}: ${subject}`])),
    ...onceEach(atAgent, atCenter),
    ...spoolFiles(join(dataFolder, 'spool'), atAgent, shown),
    ...centerFiles(centerFolder, atCenter, new Set(acknowledged.map((one) => one.sopInstanceUid))),
  ]
}

/** The agent's instances must be exactly once in the center's register, and no others. */
function onceEach(atAgent: readonly AgentRow[], atCenter: readonly CenterRow[]): string[] {
  const here = countByName(atAgent)
  const there = countByName(atCenter)
  return [...new Set([...here.keys(), ...there.keys()])].flatMap((name) => {
    const [known, stored] = [here.get(name) ?? 0, there.get(name) ?? 0]
    return known === 1 && stored === 1
      ? []
      : [`${known} times at the agent, ${stored} times at the center: ${name}`]
  })
}

/** Every spool file has its row or is shown as doubtful, and every row its sealed bytes until retention has removed them. */
function spoolFiles(folder: string, rows: readonly AgentRow[], shown: ReadonlySet<string>): string[] {
  const kept = new Set(rows.flatMap(({ ulid, removedAt }) => (removedAt === null ? [ulid] : [])))
  const leftovers = Array.from(spoolFilesNow(folder)).filter((ulid) => !kept.has(ulid) && !shown.has(ulid))
  const there = new Set<string>(spooledIn(folder).map(({ envelope }) => envelope.ulid))
  return [
    ...leftovers.map((ulid) => `a spool file that nothing speaks of: ${ulid}`),
    ...Array.from(kept).flatMap((ulid) => (there.has(ulid) ? [] : [`its spool file is gone: ${ulid}`])),
  ]
}

/** Every stored file has its row and every row its file; those of `uids` are read. No pack is left. */
function centerFiles(folder: string, rows: readonly CenterRow[], uids: ReadonlySet<string>): string[] {
  const instances = join(folder, 'instances')
  const files = new Set(filesIn(instances).filter((file) => file !== MARKER_FILE))
  const named = new Set(rows.map(({ file }) => file))
  const untrue = rows.filter(
    ({ uid, file, digest }) =>
      !files.has(file) || (uids.has(uid) && dataSetDigest(join(instances, file)) !== digest),
  )
  return [
    ...filesIn(join(folder, 'packs')).map((pack) => `a pack is left at the center: ${pack}`),
    ...Array.from(files).flatMap((file) =>
      named.has(file) ? [] : [`a stored file that the register does not name: ${file}`],
    ),
    ...untrue.map(({ file }) => `a stored file that is not what the register says: ${file}`),
  ]
}

function agentRows(database: Database): AgentRow[] {
  return database.all<AgentRow>(
    `SELECT i.ulid, i.sop_instance_uid AS uid, i.data_set_sha256 AS digest, i.removed_at AS removedAt, d.state, d.reason
     FROM instance i LEFT JOIN delivery d USING (ulid)`,
  )
}

function countByName(rows: readonly { uid: string; digest: string }[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { uid, digest } of rows) {
    const name = nameOf(uid, digest)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

const nameOf = (uid: string, digest: string): string => `${uid} ${digest.slice(0, 16)}`

function dataSetDigest(path: string): string {
  const bytes = readFileSync(path)
  return sha256(bytes.subarray(parsePart10Header(bytes)?.headerBytes ?? 0))
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

function read(path: string, schema: string): Disposable & { database: Database } {
  const database = Database.open(path, schema)
  return { database, [Symbol.dispose]: () => database.close() }
}
