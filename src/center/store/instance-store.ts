/** The name of a stored instance; the UIDs are those of the envelope, unchecked. */
export interface InstanceName {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
  readonly ulid: string
}

/** An instance while it is being written. Every method throws STORAGE_FULL or STORAGE_ERROR. */
export interface InstanceWriter {
  /** The place of the file; the register stores this. */
  readonly file: string
  push(pieces: readonly Uint8Array[]): Promise<void>
  /** Its content is durable; its name may still need {@link InstanceStore.syncNames}. */
  finish(): Promise<void>
  /** Removes it; never throws. */
  discard(): Promise<void>
}

/** The store of instances, each a DICOM Part 10 file exactly as its agent sealed it. */
export interface InstanceStore {
  /** Never overwrites a file: one that is not in the register may be all that is left of a lost one. */
  create(name: InstanceName): Promise<InstanceWriter>
  /** Makes the names of finished files durable. */
  syncNames(files: readonly string[]): Promise<void>
  /**
   * Called when the register has these finished files, so that remains of a crash of the same instances can be removed:
   * files that `isNamed` denies. Until this is called a file counts as unfinished. Never throws.
   */
  settled(files: readonly string[], isNamed: (file: string) => Promise<boolean>): Promise<void>
  read(file: string): AsyncIterable<Uint8Array>
  /** The folder, or any other name by which a person knows the store. */
  readonly place: string
  /**
   * Returns the id in the store's marker; undefined if there is none, for example because the disk is not mounted.
   * Never throws.
   */
  id(): Promise<string | undefined>
  /** Gives the store a marker with this id, durably, in place of any other. */
  mark(id: string): Promise<void>
  /**
   * Returns the fault of a stored file, in words, as far as it shows without reading; undefined if the file exists, is
   * regular, and has this length. Throws STORAGE_ERROR if the disk does not answer.
   */
  fault(file: string, bytes: number): Promise<string | undefined>
  /** Removes a file that no row names; never throws. */
  remove(file: string): Promise<void>
}
