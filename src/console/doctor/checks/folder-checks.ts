import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { explainAccess } from '../../../platform/explain-access.ts'
import { failureFrom } from '../../../platform/failure.ts'
import { isFolderLocked } from '../../../platform/folder-lock.ts'
import { foreignFiles } from '../../../platform/host/foreign-files.ts'
import { lockHolder } from '../../../platform/host/lock-holder.ts'
import { osUserName, osUserOf } from '../../../platform/os-users.ts'
import { lookAt } from '../../../platform/path-trouble.ts'
import type { DoctorFinding, Exam } from './exam.ts'

/** The user as which the service works: that of the unit, or the owner of the data folder. Undefined on Windows. */
export function serviceUser(exam: Exam, dataFolder: string): { name: string; uid: number } | undefined {
  if (process.getuid === undefined) return undefined
  const { unit } = exam
  const named = unit?.load === 'loaded' ? osUserOf(unit.user === '' ? 'root' : unit.user) : undefined
  if (named !== undefined) return named
  const owner = statSync(dataFolder, { throwIfNoEntry: false })?.uid
  return owner === undefined ? undefined : { name: osUserName(owner), uid: owner }
}

/** Says who runs this, and who the service is: the same command may see less as another user. */
export function examineUser(exam: Exam, dataFolder: string): DoctorFinding[] {
  const user = userIfSeen(exam, dataFolder)
  const self = process.getuid?.()
  if (self === undefined || user === undefined) return []
  const own = osUserName(self)
  if (user.uid === self || self === 0) return [exam.good('user', 'user', { user: user.name, own })]
  return [exam.note('user', 'otherUser', { user: user.name, own, program: exam.program })]
}

function userIfSeen(exam: Exam, dataFolder: string): { name: string; uid: number } | undefined {
  try {
    return serviceUser(exam, dataFolder)
  } catch {
    return undefined
  }
}

/** Every file of the data folder belongs to the user of the service. */
export function examineOwners(exam: Exam, dataFolder: string): DoctorFinding[] {
  const user = userIfSeen(exam, dataFolder)
  if (user === undefined) return []
  const found = foreignFiles(dataFolder, user.uid)
  if (found === undefined) return [exam.good('owners', 'owners', { user: user.name })]
  const { count, first, uid } = found
  const values = { count, first, owner: osUserName(uid), user: user.name, folder: dataFolder }
  return [exam.bad('owners', 'foreignOwner', values)]
}

/** Returns the findings, and whether the rest of the folder can be examined. */
export function examineDataFolder(
  exam: Exam,
  dataFolder: string,
): { findings: DoctorFinding[]; isUsable: boolean } {
  if (!existsSync(dataFolder)) {
    const trouble = lookAt(dataFolder)
    if (trouble === undefined || trouble.code !== 'ACCESS_DENIED')
      return { findings: [exam.note('dataFolder', 'noDataFolder', { folder: dataFolder })], isUsable: false }
  }
  const trouble = lookAt(join(dataFolder, 'lock'))
  if (trouble === undefined) {
    const others = othersMayLook(dataFolder)
    const finding =
      others === undefined
        ? exam.good('dataFolder', 'dataFolder', { folder: dataFolder })
        : exam.bad('dataFolder', 'folderOpen', { folder: dataFolder, mode: others })
    return { findings: [finding], isUsable: true }
  }
  const isOther = examineUser(exam, dataFolder).some(({ level }) => level === 'note')
  const failure = {
    check: 'dataFolder',
    code: trouble.code,
    found: exam.session.causes(trouble.words),
  } as const
  const finding: DoctorFinding = isOther
    ? exam.note('dataFolder', 'notSeen', { folder: dataFolder, reason: failure.found, program: exam.program })
    : { ...failure, level: 'bad', todo: exam.session.say('doctor.access.todo') }
  return { findings: [finding], isUsable: false }
}

function othersMayLook(folder: string): string | undefined {
  if (process.getuid === undefined) return undefined
  const { mode } = statSync(folder)
  return (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8).padStart(4, '0')
}

interface LockState {
  readonly findings: DoctorFinding[]
  readonly isLocked: boolean
}

/** `answers`: the program that works in this folder has answered. */
export function examineLock(exam: Exam, dataFolder: string, answers: boolean): LockState {
  try {
    if (!isFolderLocked(dataFolder)) return { findings: [], isLocked: false }
  } catch (error) {
    const failure = explainAccess(failureFrom(error, 'STORAGE_ERROR', 'looking at the lock'))
    return { findings: [exam.failed('lock', failure, 'STORAGE_ERROR', '')], isLocked: false }
  }
  const holder = lockHolder(join(dataFolder, 'lock'))
  const values = { folder: dataFolder, name: holder?.name ?? '?', pid: holder?.pid ?? '?' }
  if (answers) return { findings: [exam.good('lock', 'lock', values)], isLocked: true }
  return { findings: [exam.bad('lock', 'lockedSilent', values)], isLocked: true }
}
