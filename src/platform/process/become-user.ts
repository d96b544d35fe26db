import { Failure } from '../failure.ts'

/** A user of the system by number, with the group of the same account or file. */
export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/**
 * Gives up the rights of root for good: this process, with all of its threads, becomes another user with that user's groups.
 * Throws ACCESS_DENIED if the system does not permit it. Works on Linux and macOS.
 */
export function becomeUser({ uid, gid }: UserIds): void {
  try {
    process.setgid?.(gid)
    takeGroupsOf(uid, gid)
    process.setuid?.(uid)
  } catch (error) {
    throw new Failure('ACCESS_DENIED', `becoming user id ${uid}, which owns the data folder`, {
      cause: error,
    })
  }
}

/** A user id without an account (files of another machine) gets the given group only. */
function takeGroupsOf(uid: number, gid: number): void {
  try {
    // The types of Node leave this function out.
    const initgroups: unknown = Reflect.get(process, 'initgroups')
    if (typeof initgroups === 'function') Reflect.apply(initgroups, process, [uid, gid])
  } catch {
    process.setgroups?.([gid])
  }
}
