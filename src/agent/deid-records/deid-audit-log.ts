import {
  closeSync,
  createReadStream,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { storageFailure, systemCode } from '../../platform/failure.ts'
import { ulidSchema } from '../../protocol/ulid.ts'

const counts = z.record(z.string(), z.int().nonnegative())
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const recordSchema = z.object({
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  ulid: ulidSchema,
  route: z.string(),
  /** SHA-256 of the data set as received, only if a route keeps it unchanged. */
  before: digest.exactOptional(),
  /** SHA-256 of the data set as sent. */
  after: digest,
  deidentified: z
    .object({
      profile: z.string(),
      edition: z.string(),
      options: z.array(z.string()),
      actions: counts,
      rules: counts,
      scrubbed: z.int().nonnegative(),
      pixelsAreClean: z.boolean(),
    })
    .optional(),
  normalized: z
    .object({
      rules: counts,
      findings: z.array(z.object({ rule: z.string(), element: z.string(), problem: z.string() })),
    })
    .optional(),
})

/** The changes of one instance on one route, without values. A line of `deid-audit/YYYY-MM-DD.jsonl`. */
export type AuditRecord = Readonly<z.infer<typeof recordSchema>>

const FOLDER = 'deid-audit'

/**
 * Appends records to one file a day (UTC) in the data folder; nothing is ever changed or removed there. Once `append`
 * has returned, the line survives the death of this process. Lines of the last seconds can be lost when the machine
 * loses power: nothing is synced before the day's file or the agent is closed, since intake does not wait for its
 * audit. At most one line is then torn; readers skip and count it.
 */
export class DeidAuditLog implements Disposable {
  readonly #folder: string
  #file: { readonly day: string; readonly descriptor: number } | undefined

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, FOLDER)
  }

  /** Throws STORAGE_FULL or STORAGE_ERROR; the instance itself is then safe, and only its record is missing. */
  append(record: AuditRecord): void {
    try {
      const descriptor = this.#open(record.at.slice(0, 10))
      const line = Buffer.from(`${JSON.stringify(record)}\n`)
      for (let written = 0; written < line.length; ) written += writeSync(descriptor, line, written)
    } catch (error) {
      // The next call checks how the file ends.
      this.#close()
      throw storageFailure(error, 'writing an audit record')
    }
  }

  [Symbol.dispose](): void {
    this.#close()
  }

  #open(day: string): number {
    if (this.#file?.day === day) return this.#file.descriptor
    this.#close()
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const descriptor = openSync(join(this.#folder, `${day}.jsonl`), 'a+', 0o600)
    this.#file = { day, descriptor }
    if (!endsWithLine(descriptor)) writeSync(descriptor, '\n')
    return descriptor
  }

  #close(): void {
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    try {
      fdatasyncSync(file.descriptor)
    } finally {
      closeSync(file.descriptor)
    }
  }
}

/** Records from a day on, oldest first; undefined for each line that cannot be read. */
export async function* readDeidAudit(
  dataFolder: string,
  sinceMs: number,
): AsyncGenerator<AuditRecord | undefined> {
  const folder = join(dataFolder, FOLDER)
  const since = new Date(sinceMs).toISOString()
  for (const name of await daysIn(folder)) {
    if (name.slice(0, 10) < since.slice(0, 10)) continue
    const lines = createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity })
    for await (const line of lines) {
      if (line === '') continue
      const record = parsed(line)
      if (record === undefined || record.at >= since) yield record
    }
  }
}

async function daysIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d{4}-\d{2}-\d{2}\.jsonl$/.test(name)).toSorted()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw storageFailure(error, `reading ${folder}`)
  }
}

function parsed(line: string): AuditRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Returns false if a line was cut off. */
function endsWithLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor)
  const last = Buffer.alloc(1)
  return size === 0 || (readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === 0x0a)
}
