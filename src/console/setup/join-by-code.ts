import { mkdirSync } from 'node:fs'
import { CenterAccount } from '../../agent/send/center-account.ts'
import { type JoinCenterOptions, type Joined, joinCenter } from '../../agent/send/join-center.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import { writeIdentityNote } from '../../platform/identity-note.ts'
import { keepFolderPrivate } from '../../platform/private-file.ts'
import { agentAudit } from '../session/agent-audit.ts'
import { forgetJoin } from './pending-join.ts'

export interface JoinByCode extends JoinCenterOptions {
  /** The configuration file, beside which the new identity is noted. */
  readonly file: string
  /** The person who joins, for the audit trail. */
  readonly user: string
  /** The identity is made, and could not be noted. */
  readonly onNotNoted: (failure: Failure) => void
}

/**
 * Joins the center of a code, for `ferry join`, for `ferry setup` and for the page, and notes the identity. An attempt that
 * was remembered ends with it: with success, or with a failure that time does not cure. Throws what {@link joinCenter}
 * throws, and DATA_FOLDER_CHANGED for a folder that is not the one of this configuration.
 */
export async function joinByCode(joining: JoinByCode): Promise<Joined> {
  const { dataFolder, signal } = joining
  try {
    const joined = await join(joining)
    await forgetJoin(dataFolder)
    return joined
  } catch (error) {
    // An attempt that a person or the end of the service breaks off goes on later.
    const isEnded = signal?.aborted !== true && failureFrom(error, 'INTERNAL', 'joining').remedy !== 'wait'
    if (isEnded) await forgetJoin(dataFolder)
    throw error
  }
}

async function join(joining: JoinByCode): Promise<Joined> {
  const { dataFolder, file, user, clock, isNewWanted, onNotNoted } = joining
  // Before anything is made: a disk that is not mounted looks like a new folder.
  if (isNewWanted !== true) CenterAccount.checkFolder(dataFolder, file)
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  keepFolderPrivate(dataFolder)
  const joined = await joinCenter(joining)
  const { fingerprint, center } = joined
  using audit = await agentAudit(dataFolder, clock)
  audit.record({ action: 'joined', user, subject: center })
  const since = new Date(clock.now()).toISOString()
  await writeIdentityNote(file, { since, dataFolder, fingerprint, center }).catch((error: unknown) =>
    onNotNoted(failureFrom(error, 'STORAGE_ERROR', 'noting the identity')),
  )
  return joined
}
