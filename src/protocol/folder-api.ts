import { z } from 'zod'

/** Ms since 1970. */
const time = z.number()
const count = z.int().nonnegative()

/** The state of a watched folder. */
export const folderSchema = z.object({
  name: z.string(),
  path: z.string(),
  /** Why the folder cannot be read, and since when. */
  trouble: z.string().nullable(),
  troubleSince: time.nullable(),
  /** Why nothing is taken from any folder now: a full disk, or no center. */
  paused: z.string().nullable(),
  /** sweep: changes are found by looking at the folder from time to time. watcher: they are told at once as well. */
  woken: z.enum(['watcher', 'sweep']),
  /** Why the watcher of a local folder has ended. */
  watcherTrouble: z.string().nullable(),
  /** Files that still change, were seen once only, or are not whole yet. */
  moving: count,
  takenSinceStart: count,
  /** Files on record: their patient is not known; they cannot be taken as they are; they were taken. */
  waiting: count,
  held: count,
  taken: count,
  lastSweepAt: time.nullable(),
})

/** The folders, and their files that wait or are held: the oldest first, at most the requested number of each folder. */
export const foldersSchema = z.object({
  folders: z.array(folderSchema),
  files: z.array(
    z.object({
      /** ULID by which `ferry assign` names the file. */
      file: z.string(),
      folder: z.string(),
      /** The path below the folder, which may contain the name of a patient; null until a sweep has seen it again. */
      path: z.string().nullable(),
      /** waiting: nothing tells whose it is. held: it cannot be taken as it is. */
      state: z.enum(['waiting', 'held']),
      /** A code: see docs/folders.md. */
      reason: z.string(),
      bytes: z.number(),
      since: time,
    }),
  ),
})

/** The file is taken: all its instances are in the queue. */
export const assignedSchema = z.object({ assigned: z.string() })

export type FolderStatus = z.infer<typeof folderSchema>
export type FoldersView = z.infer<typeof foldersSchema>
export type AssignedView = z.infer<typeof assignedSchema>
