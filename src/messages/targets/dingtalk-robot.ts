import { createHmac } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { Message, MessageTarget } from '../message.ts'
import type { DingtalkSettings } from '../target-settings.ts'
import { fitText } from './fit-text.ts'
import { checkRobotAnswer, postJson } from './post-json.ts'
import { readAddress, readSecret } from './secret-file.ts'

/** A request to a robot may have 20,000 bytes with its JSON. */
const TEXT_LIMIT_BYTES = 16_000

/** A group robot of 钉钉. */
export class DingtalkRobot implements MessageTarget {
  readonly name: string
  readonly #settings: DingtalkSettings
  readonly #clock: Pick<Clock, 'now'>

  constructor(name: string, settings: DingtalkSettings, clock: Pick<Clock, 'now'>) {
    this.name = name
    this.#settings = settings
    this.#clock = clock
  }

  async send(message: Message, signal: AbortSignal): Promise<void> {
    const { urlFile, secretFile } = this.#settings
    const url = await readAddress(urlFile)
    if (secretFile !== undefined) sign(url, await readSecret(secretFile), this.#clock.now())
    const body = { msgtype: 'text', text: { content: fitText(message, TEXT_LIMIT_BYTES) } }
    checkRobotAnswer(await postJson({ url, body }, signal), url.host)
  }
}

/** 加签: the signature of the time, in the query (open.dingtalk.com, 自定义机器人安全设置). */
function sign(url: URL, secret: string, now: number): void {
  const signature = createHmac('sha256', secret).update(`${now}\n${secret}`, 'utf8').digest('base64')
  url.searchParams.set('timestamp', String(now))
  url.searchParams.set('sign', signature)
}
