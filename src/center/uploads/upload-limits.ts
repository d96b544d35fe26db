/** Limits on what agents may send, and the room that the center keeps for itself. */
export interface UploadLimits {
  readonly packBytes: number
  /** Free disk space: nothing that an agent sends is written into it. */
  readonly reserveBytes: number
  /** Time after which an incomplete upload, and the answer to a complete one, are dropped. */
  readonly lifeMs: number
  /** Size of a file that occupies room until the center itself needs it; 0 = none. */
  readonly ballastBytes: number
  /** Uploads without an answer that one agent may have at a time. */
  readonly agentUploads: number
  /** Bytes that one agent may have announced without an answer; one upload may be larger. */
  readonly agentBytes: number
  /** Bytes by which one agent may make the register grow in an hour. */
  readonly agentRecordBytes: number
}
