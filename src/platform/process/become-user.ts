import { Failure } from '../failure.ts'

/** A user of the system by number, with the group of the same account or file. */
export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/** The end of root's rights: for good, or until {@link asStartingUser} needs them for one file of the person at the keyboard. */
export type RightsOfRoot = 'given up' | 'laid aside'

/**
 * This process, with all of its threads, becomes another user with that user's groups. Throws ACCESS_DENIED if the system
 * does not permit it. Works on Linux and macOS.
 */
export function becomeUser({ uid, gid }: UserIds, rights: RightsOfRoot = 'given up'): void {
  try {
    if (rights === 'given up') process.setgid?.(gid)
    else process.setegid?.(gid)
    takeGroupsOf(uid, gid)
    if (rights === 'given up') process.setuid?.(uid)
    else process.seteuid?.(uid)
  } catch (error) {
    throw new Failure('ACCESS_DENIED', `becoming user id ${uid}, which owns the data folder`, {
      cause: error,
    })
  }
}

/**
 * Acts with the rights of root if they were laid aside, and else with those that the process has. Nothing else may run
 * meanwhile: the rights are those of the whole process.
 */
export async function asStartingUser<Result>(act: () => Promise<Result>): Promise<Result> {
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()]
  if (process.getuid?.() !== 0 || uid === undefined || gid === undefined || uid === 0) return act()
  process.seteuid?.(0)
  process.setegid?.(0)
  try {
    return await act()
  } finally {
    process.setegid?.(gid)
    process.seteuid?.(uid)
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
