import { existsSync, readdirSync } from 'node:fs'
import { Failure } from '../../platform/failure.ts'
import type { IdentityNote } from '../../platform/identity-note.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'

/** The data folder is not the noted one. `found` is the fingerprint of another agent's key in it. */
export function folderChanged(dataFolder: string, note: IdentityNote, found?: string): Failure {
  const { path, since, center } = note
  const date = since.slice(0, 10)
  const what =
    found === undefined ? contentOf(dataFolder) : `has the key of another agent (${shortFingerprint(found)})`
  const right =
    found === undefined
      ? 'to begin with a new identity: ferry join CODE --new-identity; images that wait in the old folder stay there'
      : `if this folder is the right one, remove ${path}`
  return new Failure(
    'DATA_FOLDER_CHANGED',
    [
      `looking at dataFolder ${dataFolder}: it ${what}`,
      `the agent ${shortFingerprint(note.fingerprint)} that joined ${center} on ${date} used ${note.dataFolder} (noted in ${path})`,
      'mount the disk, or set dataFolder back to that folder',
      right,
    ].join('\n'),
  )
}

function contentOf(folder: string): string {
  if (!existsSync(folder)) return 'does not exist'
  return readdirSync(folder).length === 0 ? 'is empty' : 'has no key of an agent'
}
