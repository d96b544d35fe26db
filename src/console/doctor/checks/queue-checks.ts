import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { inspectQueue, type QueueInspection } from '../../../agent/queue/inspect-queue.ts'
import { showBytes } from '../../../platform/show-bytes.ts'
import type { AgentStatus } from '../../../protocol/control-api.ts'
import { contentsText, diskFindings } from '../../views/disk-findings.ts'
import type { DoctorFinding, Exam } from './exam.ts'

interface ExaminedQueue {
  readonly findings: DoctorFinding[]
  readonly inspection: QueueInspection | undefined
}

/** Index and spool, read beside a running agent or without one. */
export function examineQueue(exam: Exam, dataFolder: string, isRunning: boolean): ExaminedQueue {
  let inspection: QueueInspection | undefined
  try {
    inspection = inspectQueue(dataFolder)
  } catch (error) {
    return {
      findings: [exam.failed('index', error, 'STORAGE_ERROR', 'looking at the queue')],
      inspection: undefined,
    }
  }
  if (inspection === undefined) return { findings: [exam.note('index', 'noQueue')], inspection }
  const { present, files, missing, unknown, schemaVersion } = inspection
  const findings = [exam.good('index', 'index', { schema: schemaVersion })]
  if (missing.length > 0) {
    const shown = missing.slice(0, 3).join(', ')
    findings.push(
      exam.bad('spool', 'spoolMissing', { count: missing.length, shown, folder: join(dataFolder, 'spool') }),
    )
  } else findings.push(exam.good('spool', 'spool', { present, files }))
  if (unknown > 0 && !isRunning) findings.push(exam.note('spool', 'spoolUnknown', { count: unknown }))
  return { findings, inspection }
}

/** The disk by the agent's own status, or by the same rules if it does not run. */
export function examineDisk(exam: Exam, status: Pick<AgentStatus, 'disk' | 'alarms'>): DoctorFinding[] {
  const { say } = exam.session
  const findings = diskFindings(status, say)
  if (findings.length > 0) return findings.map((finding) => exam.status('disk', finding))
  const { disk } = status
  const free = showBytes(disk.freeBytes)
  const contents = contentsText(disk, say)
  return [exam.good('disk', 'disk', { free, reserve: showBytes(disk.reserveBytes), contents })]
}

/** The state of the disk as an agent would report it. */
export function diskOf(
  folder: string,
  reserveBytes: number,
  atLeastMs: number,
  queue: QueueInspection | undefined,
): Pick<AgentStatus, 'disk' | 'alarms'> {
  const { blocks, bfree, bavail, bsize, files, ffree } = statfsSync(folder)
  const { waitingBytes = 0, heldBytes = 0, confirmedBytes = 0 } = queue ?? {}
  const own = waitingBytes + heldBytes + confirmedBytes
  const disk: AgentStatus['disk'] = {
    folder,
    freeBytes: bavail * bsize,
    reserveBytes,
    freeFiles: files === 0 ? null : ffree,
    room: confirmedBytes > 0 ? 'unproven' : 'nothing',
    atLeastMs,
    contents: {
      totalBytes: blocks * bsize,
      waitingBytes,
      heldBytes,
      confirmedBytes,
      otherBytes: Math.max(0, (blocks - bfree) * bsize - own),
    },
  }
  return { disk, alarms: [] }
}
