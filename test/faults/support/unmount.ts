import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { until } from '../../support/clocks/until.ts'

const run = promisify(execFile)

/** A slow disk takes long to write out what is dirty. */
const LIMIT_MS = 60_000

/**
 * Unmounts a folder, here and in every other mount namespace. A process that was started in a namespace of its own meanwhile
 * (`unshare --mount`, a sandbox) has copied the mount, which would keep its loop device and the file behind it busy. Throws
 * the words of umount, and the processes that hold the folder, if it is busy for a minute.
 */
export async function unmount(folder: string): Promise<void> {
  let busy: string | undefined
  try {
    // A process that was just killed may still hold a file.
    await until(
      async () => (busy = await tryUnmount(folder)),
      (words) => words === undefined,
      LIMIT_MS,
    )
  } catch (error) {
    const holders = await holdersOf(folder)
    await run('umount', ['--lazy', folder]).catch(() => {})
    throw new Error(`unmounting ${folder}: ${busy ?? 'no answer'}; held by ${holders}`, { cause: error })
  }
  for (const pid of namespacesWith(folder)) await run('nsenter', ['-t', pid, '-m', 'umount', folder])
}

/** Returns the words of a failure. */
function tryUnmount(folder: string): Promise<string | undefined> {
  return run('umount', [folder]).then(
    () => undefined,
    (error: unknown) => String(error),
  )
}

/** One process of each other mount namespace in which the folder is mounted. */
function namespacesWith(folder: string): string[] {
  const own = readlinkSync('/proc/self/ns/mnt')
  const found = new Map<string, string>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/mnt`)
      if (namespace === own || found.has(namespace)) continue
      if (mountPoints(pid).includes(folder)) found.set(namespace, pid)
    } catch {
      // The process has ended.
    }
  }
  return Array.from(found.values())
}

/** The fifth field of each line (Linux, Documentation/filesystems/proc.rst). */
const mountPoints = (pid: string): string[] =>
  readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')

async function holdersOf(folder: string): Promise<string> {
  // Names go to the standard error, numbers to the standard output.
  const { stdout = '', stderr = '' } = await run('fuser', ['-vm', folder]).catch((error: unknown) =>
    Error.isError(error) ? (error as { stdout?: string; stderr?: string }) : {},
  )
  return `${stderr} ${stdout}`.trim() || 'no process that fuser sees'
}
