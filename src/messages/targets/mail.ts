import { describe, Failure } from '../../platform/failure.ts'
import type { Message, MessageTarget } from '../message.ts'
import type { MailSettings } from '../target-settings.ts'
import { readSecret } from './secret-file.ts'
import { readCertificates } from './webhook.ts'

const TIME_LIMIT_MS = 20_000
const REASON_CHARACTERS = 200

/** Mail by SMTP. The library is loaded with the first message. */
export class Mail implements MessageTarget {
  readonly name: string
  readonly #settings: MailSettings

  constructor(name: string, settings: MailSettings) {
    this.name = name
    this.#settings = settings
  }

  async send({ title, lines }: Message, signal: AbortSignal): Promise<void> {
    const { host, port, security, username, passwordFile, caFile, from, to } = this.#settings
    const pass = passwordFile === undefined ? '' : await readSecret(passwordFile)
    const ca = caFile === undefined ? undefined : await readCertificates(caFile)
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(ca && { tls: { ca } }),
      ...(username !== undefined && { auth: { user: username, pass } }),
      connectionTimeout: TIME_LIMIT_MS,
      greetingTimeout: TIME_LIMIT_MS,
      socketTimeout: TIME_LIMIT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const stop = (): void => transport.close()
    signal.addEventListener('abort', stop, { once: true })
    try {
      await transport.sendMail({ from, to: [...to], subject: title, text: [...lines, ''].join('\n') })
    } catch (error) {
      const words = describe(error).replaceAll(/\s+/g, ' ')
      const reason = (pass === '' ? words : words.replaceAll(pass, '…')).slice(0, REASON_CHARACTERS)
      throw new Failure('MESSAGE_UNSENT', `sending mail by ${host}:${port}: ${reason}`)
    } finally {
      signal.removeEventListener('abort', stop)
      transport.close()
    }
  }
}
