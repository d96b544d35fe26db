import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encode } from 'iconv-lite'
import { Hl7Message } from '../../../src/hl7/hl7-message.ts'
import { MllpReader, mllpFrame } from '../../../src/hl7/mllp-reader.ts'

/** One connection of a system that sends HL7 v2 by MLLP. */
export class Hl7Sender implements AsyncDisposable {
  readonly #socket: Socket
  readonly #reader = new MllpReader(1024 ** 2)
  readonly #answers: Buffer[] = []
  #news = Promise.withResolvers<void>()

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port })
    this.#socket.on('data', (chunk: Buffer) => {
      this.#answers.push(...this.#reader.push(chunk))
      this.#news.resolve()
    })
    this.#socket.on('close', () => this.#news.resolve())
    this.#socket.on('error', () => {})
  }

  /** Resolves to the answer; to nothing if the connection ends before it. */
  async send(text: string | Buffer, encoding = 'utf8'): Promise<Buffer> {
    const bytes = Buffer.isBuffer(text) ? text : encode(text, encoding)
    this.#socket.write(mllpFrame(bytes))
    while (this.#answers.length === 0 && !this.#socket.closed) {
      this.#news = Promise.withResolvers()
      await this.#news.promise
    }
    return this.#answers.shift() ?? Buffer.alloc(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    if (!this.#socket.closed) await once(this.#socket, 'close')
  }
}

/** MSA-1 of an answer. */
export const codeOf = (answer: Buffer): string => Hl7Message.read(answer).first('MSA')?.value(1) ?? ''
/** MSA-3 of an answer. */
export const textOf = (answer: Buffer): string => Hl7Message.read(answer).first('MSA')?.value(3) ?? ''
