import type { Envelope, Trailer } from '../../protocol/spool-file.ts'

/** Two copies of a SOP instance are the same version if their bytes and their transfer syntax are equal. */
export interface InstanceVersion {
  readonly sopInstanceUid: string
  readonly dataSetSha256: string
  readonly transferSyntaxUid: string
}

export function versionOf(
  { sopInstanceUid, transferSyntaxUid }: Pick<Envelope, 'sopInstanceUid' | 'transferSyntaxUid'>,
  { dataSetSha256 }: Pick<Trailer, 'dataSetSha256'>,
): InstanceVersion {
  return { sopInstanceUid, dataSetSha256, transferSyntaxUid }
}
