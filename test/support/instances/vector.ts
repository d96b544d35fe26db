import { readFileSync } from 'node:fs'

const FOLDER = new URL('../../vectors/', import.meta.url)

/** One of the binary files of test/vectors (docs/protocol.md). */
export function vectorBytes(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER))
}

/** One of the JSON files of test/vectors; what shape it has is the caller's claim. */
export function vectorJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))
}

export interface VectorKeys {
  signingSeeds: Record<'root' | 'receipt' | 'agent', { seed: string; publicKey: string; kid: string }>
  ageIdentities: Record<'center' | 'recovery', string>
}
