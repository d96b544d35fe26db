import { readFile } from 'node:fs/promises'
import { Failure, systemCode } from '../../platform/failure.ts'
import type { Message, MessageTarget } from '../message.ts'
import type { WebhookSettings } from '../target-settings.ts'
import { postJson } from './post-json.ts'
import { readAddress, readSecret } from './secret-file.ts'

/** Posts a message as JSON (docs/operations.md, "Messages"). */
export class Webhook implements MessageTarget {
  readonly name: string
  readonly #settings: WebhookSettings

  constructor(name: string, settings: WebhookSettings) {
    this.name = name
    this.#settings = settings
  }

  async send({ at, name, title, lines, begun, lasting, ended }: Message, signal: AbortSignal): Promise<void> {
    const { urlFile, tokenFile, caFile } = this.#settings
    const url = await readAddress(urlFile)
    const token = tokenFile === undefined ? undefined : await readSecret(tokenFile)
    const ca = caFile === undefined ? undefined : await readCertificates(caFile)
    const body = { version: 1, at, name, title, text: lines.join('\n'), begun, lasting, ended }
    await postJson({ url, body, ca, headers: token ? { authorization: `Bearer ${token}` } : {} }, signal)
  }
}

/** Throws MESSAGE_UNSENT. */
export function readCertificates(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new Failure('MESSAGE_UNSENT', `reading ${path}: ${systemCode(error) ?? 'it cannot be read'}`)
  })
}
