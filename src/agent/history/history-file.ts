import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { systemCode } from '../../platform/failure.ts'

/** Counts of one hour. */
export interface HourCounts {
  /** Its beginning, ms since 1970. */
  readonly at: number
  images: number
  /** Sealed. */
  bytes: number
  /** Associations and instances that were turned away. */
  refused: number
  /** Requests to the center that failed. */
  failures: number
  confirmed: number
  /** Sum of the times from arrival to receipt of the confirmed instances. */
  latencySumMs: number
}

const count = z.number().nonnegative()
const fileSchema = z.object({
  format: z.literal('ferry-history/1'),
  hours: z.array(z.tuple([z.number(), count, count, count, count, count, count])).max(10_000),
})

/** Reads the hours of a file; none if there is no file. Throws for a file that cannot be read or is not a history. */
export async function readHistory(path: string): Promise<HourCounts[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return []
  return fileSchema
    .parse(JSON.parse(text))
    .hours.map(([at, images, bytes, refused, failures, confirmed, latencySumMs]) => ({
      at,
      images,
      bytes,
      refused,
      failures,
      confirmed,
      latencySumMs,
    }))
}

/** Replaces the file as a whole. A power cut may leave the old one: these are figures, and nothing rests on them. */
export async function writeHistory(path: string, hours: readonly HourCounts[]): Promise<void> {
  const rows = hours.map(({ at, images, bytes, refused, failures, confirmed, latencySumMs }) => [
    at,
    images,
    bytes,
    refused,
    failures,
    confirmed,
    latencySumMs,
  ])
  const draft = `${path}.new`
  await writeFile(draft, JSON.stringify({ format: 'ferry-history/1', hours: rows }), { mode: 0o600 })
  await rename(draft, path)
}
