import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AgentSettings } from '../../../config/agent-settings.ts'
import type { FolderSettings } from '../../../config/folder-settings.ts'
import { describe, systemCode } from '../../../platform/failure.ts'
import type { CheckName, DoctorFinding, Exam } from './exam.ts'

const { R_OK, W_OK, X_OK } = constants

/** Each watched folder is there, can be read, and its files can be moved or deleted if the settings say so. */
export function examineWatchedFolders(exam: Exam, { folders }: AgentSettings): DoctorFinding[] {
  return folders.flatMap((folder) => {
    const { name, path, afterwards } = folder
    const unread = unreadFolder(exam, 'folders', { name, path })
    if (unread !== undefined) return [unread]
    const kept = afterwards === 'keep' ? [] : keptSources(exam, folder)
    return kept.length > 0 ? kept : [exam.good('folders', 'folder', { name, path })]
  })
}

/** Returns the finding about a folder from which nothing can be read; undefined if it can be. */
export function unreadFolder(
  exam: Exam,
  check: CheckName,
  { name, path }: { readonly name: string; readonly path: string },
): DoctorFinding | undefined {
  try {
    if (!statSync(path).isDirectory()) return exam.bad(check, 'folderIsFile', { name, path })
    accessSync(path, R_OK | X_OK)
    return undefined
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return exam.bad(check, 'folderMissing', { name, path })
    return exam.bad(check, 'folderUnread', { name, path, reason: exam.session.causes(describe(error)) })
  }
}

/** A file leaves its folder by a change of the folder; a move must stay on one file system (rename(2)). */
function keptSources(exam: Exam, { name, path, moveTo, afterwards }: FolderSettings): DoctorFinding[] {
  if (!mayWrite(path)) return [exam.bad('folders', 'folderReadOnly', { name, path })]
  if (afterwards !== 'move' || moveTo === undefined) return []
  const target = nearest(moveTo)
  if (!mayWrite(target)) return [exam.bad('folders', 'folderReadOnly', { name, path: target })]
  if (statSync(target).dev === statSync(path).dev) return []
  return [exam.bad('folders', 'folderElsewhere', { name, path, target: moveTo })]
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, W_OK | X_OK)
    return true
  } catch {
    return false
  }
}

/** The folder itself, or the part of its path that exists: the rest is made when a file is moved. */
function nearest(path: string): string {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined
  return isThere || dirname(path) === path ? path : nearest(dirname(path))
}
