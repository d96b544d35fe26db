import type { Envelope, Trailer } from '../../protocol/spool-file.ts'

/** What makes two copies of a SOP instance the same: its bytes, and the way in which they are to be read. */
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
