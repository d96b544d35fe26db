import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes the folders of a new configuration file that are not there yet. Others may read them, whatever the umask: the
 * file holds no secret, and the service may run as another user than the one who writes it.
 */
export function makeConfigFolder(file: string): void {
  const folder = dirname(file)
  const first = mkdirSync(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o755)
}
