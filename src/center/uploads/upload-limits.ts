/** Limits on what agents may send, and the room that the center keeps for itself. */
export interface UploadLimits {
  readonly packBytes: number
  /** Disk that stays free: nothing that an agent sends is written into it. */
  readonly reserveBytes: number
  /** After this an upload that is not whole, and the answer to one that was, are forgotten. */
  readonly lifeMs: number
  /** A file that takes up room until the center itself needs it; 0 = none. */
  readonly ballastBytes: number
  /** Uploads without an answer that one agent may have at a time. */
  readonly agentUploads: number
  /** Bytes that one agent may have announced without an answer; one upload may be larger. */
  readonly agentBytes: number
  /** Bytes by which one agent may make the register grow in an hour. */
  readonly agentRecordBytes: number
}
