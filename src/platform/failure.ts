/** The cure of a failure: time, a person, or none (this one instance can never be sent). */
type Remedy = 'wait' | 'operator' | 'none'

/**
 * Every failure that crosses a folder, with its remedy. Each has an entry in docs/errors.md: its meaning, Ferry's
 * reaction, and the action for a person. The code is stable; its sentence may improve.
 */
export const FAILURES = {
  // what a device sent
  UID_INVALID: 'none',
  DATA_SET_UNREADABLE: 'none',
  DATA_SET_MISMATCH: 'none',
  INSTANCE_TOO_LARGE: 'none',
  CHECK_REFUSED: 'none',
  CHECK_HELD: 'operator',
  DEID_WITHHELD: 'operator',
  // watched folders
  FOLDER_UNREACHABLE: 'operator',
  FOLDER_FILE_HELD: 'operator',
  FOLDER_NEEDS_PATIENT: 'operator',
  FOLDER_SOURCE_KEPT: 'operator',
  // associations
  ASSOCIATION_REJECTED: 'operator',
  ASSOCIATION_FAILED: 'wait',
  ASSOCIATION_ABORTED: 'wait',
  PROTOCOL_VIOLATION: 'none',
  DIMSE_LIBRARY_CHANGED: 'operator',
  STORE_REFUSED: 'operator',
  TLS_FAILED: 'operator',
  COMMITMENT_UNREPORTED: 'operator',
  STUDY_INCOMPLETE: 'operator',
  // the sealed form
  SEAL_FAILED: 'none',
  AGE_FORMAT: 'none',
  AGE_NO_KEY: 'operator',
  AGE_KEY_INVALID: 'operator',
  SPOOL_FILE_INVALID: 'none',
  SPOOL_FILE_DAMAGED: 'operator',
  SPOOL_FILE_MISSING: 'operator',
  // this machine
  STORAGE_FULL: 'wait',
  STORAGE_ERROR: 'operator',
  STORE_MISSING: 'operator',
  DATABASE_ERROR: 'operator',
  DATABASE_DAMAGED: 'operator',
  INDEX_REBUILT: 'operator',
  DATABASE_NEWER: 'operator',
  ACCESS_DENIED: 'operator',
  PATH_UNUSABLE: 'operator',
  ALREADY_RUNNING: 'operator',
  FOLDER_NOT_PRIVATE: 'operator',
  KEY_FILE_INVALID: 'operator',
  AGENT_KEY_LOST: 'operator',
  DATA_FOLDER_CHANGED: 'operator',
  CERTIFICATE_EXPIRING: 'operator',
  PORT_IN_USE: 'operator',
  PAGE_CLOSED: 'operator',
  MESSAGE_UNSENT: 'wait',
  // files that are not DICOM
  MEDIA_UNKNOWN: 'none',
  MEDIA_DAMAGED: 'none',
  MEDIA_TOO_LARGE: 'none',
  IMAGE_PROGRESSIVE: 'operator',
  IMAGE_CMYK: 'operator',
  IMAGE_CODING: 'operator',
  IMAGE_ROTATED: 'operator',
  VIDEO_CODEC: 'operator',
  VIDEO_PROFILE: 'operator',
  VIDEO_PIXELS: 'operator',
  VIDEO_FRAMES: 'operator',
  VIDEO_AUDIO: 'operator',
  DOCUMENT_ENCRYPTED: 'operator',
  DOCUMENT_FORM: 'operator',
  IDENTITY_UNUSABLE: 'operator',
  // configuration and commands
  CONFIG_INVALID: 'operator',
  USAGE: 'operator',
  INTERRUPTED: 'operator',
  LOG_MISSING: 'operator',
  NOT_RUNNING: 'operator',
  NOT_ENROLLED: 'operator',
  ALREADY_JOINED: 'operator',
  // what a command names
  STUDY_UNKNOWN: 'operator',
  STUDY_OPEN: 'wait',
  NOT_HELD: 'operator',
  DEVICE_UNKNOWN: 'operator',
  DEVICE_LISTED: 'operator',
  NOT_IGNORED: 'operator',
  OTHER_CONFIG: 'operator',
  AGENT_VERSION: 'operator',
  RESTART_BY_HAND: 'operator',
  FILE_EXISTS: 'operator',
  FILE_UNREADABLE: 'operator',
  FILES_MISSING: 'operator',
  FILE_CHANGED: 'wait',
  ORDER_UNKNOWN: 'operator',
  SOURCE_UNKNOWN: 'operator',
  PROFILE_UNKNOWN: 'operator',
  IMPORT_RUNNING: 'wait',
  IMPORT_ENDED: 'operator',
  KEY_UNKNOWN: 'operator',
  KEY_REVOKED: 'none',
  KEY_NEEDED: 'operator',
  // people at the center's page
  ACCOUNT_UNKNOWN: 'operator',
  ACCOUNT_EXISTS: 'operator',
  ACCOUNT_NAME: 'operator',
  PASSWORD_CHOICE: 'operator',
  SIGN_IN_REFUSED: 'operator',
  SIGN_IN_LATER: 'wait',
  // the way to the center
  CENTER_UNREACHABLE: 'wait',
  CENTER_NOT_TLS: 'wait',
  CENTER_BUSY: 'wait',
  CENTER_ERROR: 'wait',
  CENTER_IDENTITY: 'operator',
  CENTER_REFUSED: 'operator',
  CENTER_LIMIT: 'operator',
  CENTER_PROXY: 'operator',
  CENTER_ANSWER_INVALID: 'operator',
  CENTER_BEHIND: 'wait',
  CENTER_LOST: 'operator',
  OTHER_CENTER: 'operator',
  KEY_LIST_OLDER: 'operator',
  TOKEN_TIME: 'wait',
  AGENT_UNKNOWN: 'operator',
  AGENT_REVOKED: 'operator',
  AGENT_CLONED: 'operator',
  JOIN_CODE_INVALID: 'operator',
  SIGNATURE_INVALID: 'operator',
  // proof
  DIGEST_MISMATCH: 'operator',
  MANIFEST_INVALID: 'operator',
  RECEIPT_INVALID: 'operator',
  RECEIPT_MISMATCH: 'operator',
  PACK_INVALID: 'none',
  PACK_DAMAGED: 'wait',
  INSTANCE_REFUSED: 'operator',
  // the PACS behind the center
  PACS_UNREACHABLE: 'wait',
  PACS_ADDRESS: 'operator',
  PACS_DENIED: 'operator',
  PACS_REFUSED: 'operator',
  // orders and reports of information systems
  ORDERS_UNREACHABLE: 'wait',
  ORDERS_REFUSED: 'operator',
  ORDERS_INVALID: 'operator',
  MESSAGE_INVALID: 'operator',
  ORDERS_NOT_KEPT: 'operator',
  REPORT_UNASSIGNED: 'operator',
  // a fault of Ferry's own
  INTERNAL: 'operator',
} as const satisfies Record<string, Remedy>

export type FailureCode = keyof typeof FAILURES

/** Checks a code from another program. */
export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text)
}

/**
 * The one error that crosses folders. `message` is lower case, without a full stop: what was attempted, then what was
 * found. It never contains patient data: it may be logged, shown, and sent to a peer.
 */
export class Failure extends Error {
  readonly code: FailureCode
  override readonly name = 'Failure'

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  get remedy(): Remedy {
    return FAILURES[this.code]
  }
}

/** Converts a foreign error to a Failure of the given code, keeping the cause; a Failure is returned unchanged. */
export function failureFrom(error: unknown, code: FailureCode, attempted: string): Failure {
  if (error instanceof Failure) return error
  return new Failure(code, `${attempted}: ${describe(error)}`, { cause: error })
}

/** Describes a foreign error, with its system code if it has one. */
export function describe(error: unknown): string {
  if (!Error.isError(error)) return String(error)
  const code = systemCode(error)
  return code !== undefined && !error.message.includes(code) ? `${code}: ${error.message}` : error.message
}

/** Returns the code of an error of the operating system or of SQLite, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error
  return isCoded && typeof error.code === 'string' ? error.code : undefined
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'SQLITE_FULL'])

/** Converts a file system or database error: a lack of space or descriptors passes by itself, an I/O error does not. */
export function storageFailure(error: unknown, attempted: string): Failure {
  const code = systemCode(error)
  return failureFrom(
    error,
    code !== undefined && NO_SPACE.has(code) ? 'STORAGE_FULL' : 'STORAGE_ERROR',
    attempted,
  )
}
