import { showBytes } from '../../platform/show-bytes.ts'
import type { AgentStatus } from '../../protocol/control-api.ts'
import { diskConditions, lacksNames } from '../../protocol/report/agent-conditions.ts'
import type { Say } from '../language/language.ts'
import type { HealthNote } from './health-note.ts'
import { showDuration } from './show-values.ts'

/** A part of the disk below this share gets no advice. */
const WORTH_A_WORD = 0.2

type Disk = AgentStatus['disk']

/** A disk that is full or nearly so: what fills it, whether Ferry makes room by itself, and what else helps. */
export function diskFindings(state: Pick<AgentStatus, 'disk' | 'alarms'>, say: Say): HealthNote[] {
  return diskConditions(state).map(({ severity, code, since }) => ({
    severity,
    code,
    ...diskWords(state, say),
    since,
    next: null,
  }))
}

/** The same in words alone. */
export function diskWords(
  { disk, alarms }: Pick<AgentStatus, 'disk' | 'alarms'>,
  say: Say,
): Pick<HealthNote, 'what' | 'todo'> {
  const isCoping = diskConditions({ disk, alarms }).every(({ severity }) => severity === 'coping')
  return {
    what: [say(headOf(disk), valuesOf(disk, say)), contentsText(disk, say)]
      .filter((text) => text !== '')
      .join(say('disk.stop')),
    todo: isCoping ? '' : adviceOn(disk, say),
  }
}

/** Returns the contents of the disk in words; empty if it is not the disk of the sealed images. */
export function contentsText(disk: Disk, say: Say): string {
  return disk.contents === null ? '' : say('disk.contents', valuesOf(disk, say))
}

function headOf({ freeBytes, reserveBytes, freeFiles }: Disk) {
  if (freeBytes < reserveBytes) return 'disk.full'
  return lacksNames(freeFiles) ? 'disk.names' : 'disk.low'
}

function valuesOf(disk: Disk, say: Say): Record<string, string | number> {
  const { folder, freeBytes, reserveBytes, freeFiles, atLeastMs, contents } = disk
  return {
    folder,
    free: showBytes(freeBytes),
    reserve: showBytes(reserveBytes),
    files: freeFiles ?? '',
    atLeast: showDuration(atLeastMs, say),
    total: showBytes(contents?.totalBytes ?? 0),
    waiting: showBytes(contents?.waitingBytes ?? 0),
    confirmed: showBytes(contents?.confirmedBytes ?? 0),
    held: showBytes(contents?.heldBytes ?? 0),
    other: showBytes(contents?.otherBytes ?? 0),
  }
}

/** The advice that makes most room comes first. */
function adviceOn(disk: Disk, say: Say): string {
  const { contents, room, atLeastMs } = disk
  const values = valuesOf(disk, say)
  const never = say('disk.todo.never', values)
  if (contents === null) return [say('disk.todo.index', values), never].join(say('disk.then'))
  const { totalBytes, waitingBytes, heldBytes, otherBytes, confirmedBytes } = contents
  const isYoung = room === 'young'
  const advice = [
    {
      bytes: waitingBytes,
      text: say(atLeastMs > 0 ? 'disk.todo.waitingYoung' : 'disk.todo.waiting', values),
    },
    { bytes: heldBytes, text: say('disk.todo.held', values) },
    { bytes: otherBytes, text: say('disk.todo.other', values) },
    {
      bytes: isYoung || room === 'unproven' ? confirmedBytes : 0,
      text: say(isYoung ? 'disk.todo.young' : 'disk.todo.unproven', values),
    },
  ].toSorted((a, b) => b.bytes - a.bytes)
  const worth = advice.filter(({ bytes }, i) => i === 0 || bytes >= WORTH_A_WORD * totalBytes)
  return [...worth.map(({ text }) => text), never].join(say('disk.then'))
}
