import { Failure, storageFailure, systemCode } from '../../../platform/failure.ts'

/** Explains why a sealed instance cannot be read: it is gone, the disk cannot read it, or the fault lies elsewhere. */
export function spoolFileFailure(error: unknown, attempted: string): Failure {
  const code = systemCode(error)
  if (code === 'ENOENT')
    return new Failure('SPOOL_FILE_MISSING', `${attempted}: its spool file is gone`, { cause: error })
  if (code === 'EIO' || code === 'EISDIR')
    return new Failure('SPOOL_FILE_DAMAGED', `${attempted}: the disk cannot read its spool file (${code})`, {
      cause: error,
    })
  return storageFailure(error, attempted)
}
