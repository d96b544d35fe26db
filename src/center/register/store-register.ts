/** A stored instance and the file that it is in. */
export interface StoredFile {
  readonly id: number
  /** The name by {@link InstanceStore}. */
  readonly file: string
  readonly fileBytes: number
}

export interface StoredFileDigest extends StoredFile {
  /** Digest of the whole file, computed while it was written. */
  readonly fileSha256: string
  /** 1 if its file was found missing, cut or changed, and no agent has sent the instance again since. */
  readonly isLost: number
}

/** A stored file that is not as it was stored, and its fault. */
export interface BadFile extends StoredFile {
  readonly reason: string
}

/** A lost instance, for people. */
export interface LostRow {
  readonly studyInstanceUid: string
  readonly sopInstanceUid: string
  readonly lostAt: number
  readonly reason: string
  readonly file: string
  /** Names of the agents that brought it, comma between. */
  readonly agents: string
}

/** The state of the files of stored instances. */
export interface StoredFileRegister {
  /** Stored instances in the order of their numbers. */
  after(id: number, limit: number): Promise<StoredFileDigest[]>
  /**
   * Marks instances as lost, and counts it for each agent that brought one or holds a receipt for its study. An
   * instance that has another file by now is not changed. Returns how many are newly lost.
   */
  markLost(files: readonly BadFile[], now: number): Promise<number>
  /** Marks a lost instance as found: its file exists after all, with every byte. */
  markFound(file: StoredFile): Promise<void>
  /** Lost instances, the longest lost first. */
  lost(limit: number): Promise<LostRow[]>
  countLost(): Promise<{ count: number; since: number | null }>
  /** Damaged files that are kept beside the new file of their instance. */
  countKept(): Promise<number>
  /** SOP Instance UIDs of a study's lost instances. */
  lostOfStudy(studyInstanceUid: string): Promise<string[]>
}

/** The marker that the store must have, so that another disk in its place is detected. */
export interface MarkerRegister {
  /** The id of the marker; undefined before the first start. */
  id(): Promise<string | undefined>
  /** Sets the id from now on. `how` and the number of instances in the register are stored with it. */
  adopt(id: string, how: 'made' | 'accepted', now: number): Promise<void>
}

/** The progress of the scrub. Times are ms since 1970. */
export interface ScrubProgress {
  /** The beginning of the current pass; null between two passes. */
  readonly startedAt: number | null
  /** The last instance that was read in it. */
  readonly position: number
  readonly checked: number
  /** Instances that this pass has found lost. */
  readonly lost: number
  /** End of the last completed pass. */
  readonly finishedAt: number | null
  readonly finishedChecked: number
  readonly finishedLost: number
}

export interface ScrubRegister {
  progress(): Promise<ScrubProgress>
  /** Loss of power may undo it: some files are then read again. */
  save(progress: ScrubProgress): Promise<void>
}
