/** The name of a stored instance; the UIDs are those of the envelope, unchecked. */
export interface InstanceName {
  readonly studyUid: string
  readonly seriesUid: string
  readonly sopInstanceUid: string
  readonly ulid: string
}

/** An instance while it is being written. Every method throws STORAGE_FULL or STORAGE_ERROR. */
export interface InstanceWriter {
  /** Where it will be found; the register keeps this. */
  readonly file: string
  push(pieces: readonly Uint8Array[]): Promise<void>
  /** Its content is durable; its name may still need {@link InstanceStore.syncNames}. */
  finish(): Promise<void>
  /** Removes it; never throws. */
  discard(): Promise<void>
}

/** Where instances rest, each a DICOM Part 10 file exactly as its agent sealed it. */
export interface InstanceStore {
  /** Never writes over anything: what is not in the register may be all that is left of a lost one. */
  create(name: InstanceName): Promise<InstanceWriter>
  /** Makes the names of finished files durable. */
  syncNames(files: readonly string[]): Promise<void>
  /**
   * The register has taken these finished files, so that what a crash had left of the same instances can go: files that
   * `isNamed` denies. Until this is called a file counts as under way. Never throws.
   */
  settled(files: readonly string[], isNamed: (file: string) => Promise<boolean>): Promise<void>
  read(file: string): AsyncIterable<Uint8Array>
  /** The folder, or whatever else a person knows the store by. */
  readonly place: string
  /** The id in the store's marker; undefined if there is none: the disk is not mounted, say. Never throws. */
  id(): Promise<string | undefined>
  /** Gives the store a marker with this id, durably, in place of any other. */
  mark(id: string): Promise<void>
  /**
   * Returns what is wrong with a stored file, in words, as far as can be told without reading it; undefined if it is there,
   * a regular file, and has this length. Throws STORAGE_ERROR if the disk does not say.
   */
  fault(file: string, bytes: number): Promise<string | undefined>
  /** Removes a file that no row names; never throws. */
  remove(file: string): Promise<void>
}
