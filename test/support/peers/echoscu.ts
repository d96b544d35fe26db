import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** Returns true if DCMTK's echoscu is installed. */
export function hasEchoscu(): boolean {
  return spawnSync('echoscu', ['--version']).status === 0
}

/** Presses Echo on a device: runs DCMTK's echoscu, and resolves to its exit code. */
export async function pressEcho(aeTitle: string, port: number, host = '127.0.0.1'): Promise<unknown> {
  const args = ['-to', '5', '-aet', aeTitle, '-aec', 'FERRY', host, String(port)]
  const [exitCode] = await once(spawn('echoscu', args, { stdio: 'ignore' }), 'exit')
  return exitCode
}
