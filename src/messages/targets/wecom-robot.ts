import type { Message, MessageTarget } from '../message.ts'
import { fitText } from './fit-text.ts'
import { checkRobotAnswer, postJson } from './post-json.ts'
import { readAddress } from './secret-file.ts'

/** Limit of a text message: developer.work.weixin.qq.com, 群机器人配置说明. */
const TEXT_LIMIT_BYTES = 2048

/** A group robot of 企业微信. */
export class WecomRobot implements MessageTarget {
  readonly name: string
  readonly #urlFile: string

  constructor(name: string, { urlFile }: { readonly urlFile: string }) {
    this.name = name
    this.#urlFile = urlFile
  }

  async send(message: Message, signal: AbortSignal): Promise<void> {
    const url = await readAddress(this.#urlFile)
    const body = { msgtype: 'text', text: { content: fitText(message, TEXT_LIMIT_BYTES) } }
    checkRobotAnswer(await postJson({ url, body }, signal), url.host)
  }
}
