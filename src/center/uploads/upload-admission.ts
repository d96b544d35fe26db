import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { DiskSpace } from '../disk/disk-space.ts'
import type { PackRow } from '../register/register.ts'
import { type OpenUpload, owedBy, takenBy, type UploadLedger } from './upload-ledger.ts'
import type { UploadLimits } from './upload-limits.ts'

interface AdmissionOptions {
  readonly space: DiskSpace
  readonly ledger: UploadLedger
  readonly limits: UploadLimits
  readonly clock: Clock
}

/** An unfinished upload without a request for this long may be dropped if its room is needed. */
const UNUSED_MS = 10 * 60_000

type Announced = Pick<PackRow, 'uploadId' | 'agent' | 'bytes'>

/** The state of an agent including a new upload, before it is admitted. */
interface Balance {
  /** The agent's own open uploads. */
  uploads: number
  bytes: number
  readonly disks: {
    /** Bytes above the reserve and above everything announced. */
    roomBytes: number
    /** Bytes of the agent's own uploads, written or not. */
    takenBytes: number
    readonly share: (upload: Pick<OpenUpload, 'bytes'>) => number
  }[]
}

interface Shortage {
  /** True if only dropping uploads of the agent itself can help. */
  readonly isOwn: boolean
  readonly failure: Failure
}

/**
 * Decides whether a new upload may begin, and adds it to the ledger. It may if its agent is within its quota, if
 * everything announced fits above the reserve, and if the agent's uploads then take at most half of the room that there
 * is for it: no agent can take all of the room from the others.
 *
 * Returns unfinished uploads that must be dropped for it: those that were not used for the longest time, the agent's
 * own before others'. Their agents create them again. Throws CENTER_BUSY or STORAGE_FULL, and then nothing has changed.
 */
export async function admitUpload(options: AdmissionOptions, announced: Announced): Promise<OpenUpload[]> {
  const { ledger, limits, clock } = options
  // Checking the quota costs nothing: a flood of announcements ends here.
  const crowded = quotaShortage({ ...ownUploads(options, announced), disks: [] }, announced, limits)
  const isFinal = ![...ledger.ofAgent(announced.agent)].some((upload) => isUnused(upload, clock))
  if (crowded !== undefined && isFinal) throw crowded.failure
  const disks = await options.space.disks()
  // No awaits from here on: two announcements at the same time cannot both get the last room.
  const balance = balanceOf(options, announced, disks)
  const gone: OpenUpload[] = []
  for (const next of [...unusedUploads(options, announced.agent), undefined]) {
    const shortage = quotaShortage(balance, announced, limits) ?? diskShortage(balance, announced)
    if (shortage === undefined) break
    const isOwn = next?.agent === announced.agent
    if (next === undefined || (shortage.isOwn && !isOwn)) throw shortage.failure
    gone.push(next)
    takeOff(balance, next, isOwn)
  }
  ledger.add(announced, clock.monotonicMs())
  return gone
}

function ownUploads({ ledger }: AdmissionOptions, { agent }: Announced): { uploads: number; bytes: number } {
  const own = ledger.ofAgent(agent)
  return { uploads: own.size, bytes: [...own].reduce((sum, { bytes }) => sum + bytes, 0) }
}

function balanceOf(
  options: AdmissionOptions,
  announced: Announced,
  disks: Awaited<ReturnType<DiskSpace['disks']>>,
): Balance {
  return {
    ...ownUploads(options, announced),
    disks: disks.map(({ roomBytes, share }) => {
      let [room, taken] = [roomBytes, 0]
      for (const upload of options.ledger.all()) {
        room -= share(owedBy(upload))
        if (upload.agent === announced.agent) taken += share(takenBy(upload))
      }
      return { roomBytes: room, takenBytes: taken, share: (upload) => share(takenBy(upload)) }
    }),
  }
}

/** The agent's own come first, then those that were not used for the longest time. */
function unusedUploads({ ledger, clock }: AdmissionOptions, agent: string): OpenUpload[] {
  const rank = (upload: OpenUpload): number => (upload.agent === agent ? 0 : 1)
  return [...ledger.all()]
    .filter((upload) => isUnused(upload, clock))
    .toSorted((a, b) => rank(a) - rank(b) || a.lastUseMs - b.lastUseMs)
}

function isUnused({ lastUseMs, writtenBytes, bytes }: OpenUpload, clock: Clock): boolean {
  return writtenBytes < bytes && clock.monotonicMs() - lastUseMs >= UNUSED_MS
}

function takeOff(balance: Balance, upload: OpenUpload, isOwn: boolean): void {
  for (const disk of balance.disks) {
    disk.roomBytes += disk.share(upload)
    if (isOwn) disk.takenBytes -= disk.share(upload)
  }
  if (!isOwn) return
  balance.uploads--
  balance.bytes -= upload.bytes
}

function quotaShortage(
  { uploads, bytes: before }: Balance,
  { bytes }: Announced,
  { agentUploads, agentBytes }: UploadLimits,
): Shortage | undefined {
  if (uploads === 0) return undefined
  if (uploads < agentUploads && before + bytes <= agentBytes) return undefined
  const found = `the agent has ${uploads} open uploads of ${before} bytes`
  return { isOwn: true, failure: new Failure('CENTER_BUSY', `creating an upload: ${found}`) }
}

function diskShortage({ disks }: Balance, announced: Announced): Shortage | undefined {
  for (const { roomBytes: room, takenBytes: taken, share } of disks) {
    const more = share(announced)
    if (more > room)
      return { isOwn: false, failure: full(`${more} bytes are needed, ${room} bytes are there`) }
    if (2 * (taken + more) > room + taken)
      return { isOwn: false, failure: full(`the agent would take more than half of ${room + taken} bytes`) }
  }
  return undefined
}

const full = (found: string): Failure => new Failure('STORAGE_FULL', `creating an upload: ${found}`)
