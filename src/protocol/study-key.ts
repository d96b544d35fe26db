import { z } from 'zod'
import { isUid } from '../dicom/vocabulary/uid.ts'
import type { Envelope } from './spool-file.ts'

/** No UID begins with this: a UID has digits and dots only (PS3.5 §9.1). */
const FILING = 'no-study-uid:'
const DAY = /^\d{4}-\d\d-\d\d/
const KEY_LIMIT = 512

/** The key that groups instances: a Study Instance UID, or the key of a filing. */
export const studyKeySchema = z.string().min(1).max(KEY_LIMIT)

type Names = Pick<
  Envelope,
  'studyInstanceUid' | 'seriesInstanceUid' | 'callingAeTitle' | 'arrivedAt' | 'policy'
>

/** The parts of a filing's key. */
interface Filing {
  readonly callingAeTitle: string
  /** YYYY-MM-DD, UTC. */
  readonly day: string
  /** Empty if the data set has none. */
  readonly seriesInstanceUid: string
}

/**
 * Returns the key that groups an instance with others: its Study Instance UID. If it has no readable one, it is filed
 * with the instances that the same device sent on the same day (UTC), of the same series and under the same policy, so
 * that no manifest and no receipt joins unrelated patients. Agent and center derive the same key from the envelope
 * (docs/protocol.md, "Filing").
 */
export function studyKeyOf(names: Names): string {
  const { studyInstanceUid, seriesInstanceUid, callingAeTitle, arrivedAt, policy } = names
  if (studyInstanceUid !== '' && !studyInstanceUid.startsWith(FILING)) return studyInstanceUid
  const day = DAY.exec(arrivedAt)?.[0] ?? ''
  const series = isUid(seriesInstanceUid) ? seriesInstanceUid : ''
  return `${FILING}${[callingAeTitle, day, series, policy].map(escaped).join(':')}`
}

/**
 * Returns the key at the center, where two agents may have devices of one name: a filing of one agent is never that of
 * another.
 */
export function studyKeyAtCenter(key: string, agent: string): string {
  return key.startsWith(FILING) ? `${key}@${agent}` : key
}

/** Returns the parts of a filing's key; undefined for a Study Instance UID. */
export function filingOf(key: string): Filing | undefined {
  if (!key.startsWith(FILING)) return undefined
  const [callingAeTitle = '', day = '', seriesInstanceUid = ''] = key
    .slice(FILING.length)
    .split(':')
    .map(unescaped)
  return { callingAeTitle, day, seriesInstanceUid }
}

/** Safe in a shell, a path and a URL. */
function escaped(text: string): string {
  return Array.from(Buffer.from(text, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

function unescaped(text: string): string {
  const bytes = text.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
