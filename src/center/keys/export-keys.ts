import { Sealer } from '../../age/sealer.ts'
import { parseRecipient } from '../../age/x25519-keys.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { type KeyFile, keyFileText, readKeyFile } from './key-file.ts'
import { notRevoked } from './key-state.ts'

/**
 * Writes all keys of a center to a new file, sealed to these age recipients, or to the recovery keys if none is given.
 * The decrypted text is a key file: stored as the next `keys/NNNN.json` (mode 0600) it restores the center's keys.
 */
export async function exportKeys(folder: string, path: string, recipients: readonly string[]): Promise<void> {
  const file = await readKeyFile(folder)
  const named = recipients.length > 0 ? recipients : recoveryOf(file)
  const sealer = new Sealer(named.map(parseRecipient))
  const sealed = [sealer.header, ...sealer.update(Buffer.from(keyFileText(file))), ...sealer.final()]
  await writeDurably(path, Buffer.concat(sealed))
}

const recoveryOf = ({ recovery }: KeyFile): string[] => notRevoked(recovery).map(({ recipient }) => recipient)
