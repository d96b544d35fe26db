import type { Clock } from '../../platform/clock.ts'
import type { MessageTarget } from '../message.ts'
import type { TargetSettings } from '../target-settings.ts'
import { DingtalkRobot } from './dingtalk-robot.ts'
import { Mail } from './mail.ts'
import { Webhook } from './webhook.ts'
import { WecomRobot } from './wecom-robot.ts'

/** Opens nothing and reads no file before a message is sent. */
export function openTarget(settings: TargetSettings, clock: Pick<Clock, 'now'>): MessageTarget {
  const { name } = settings
  switch (settings.kind) {
    case 'webhook':
      return new Webhook(name, settings.webhook)
    case 'wecom':
      return new WecomRobot(name, settings.wecom)
    case 'dingtalk':
      return new DingtalkRobot(name, settings.dingtalk, clock)
    case 'mail':
      return new Mail(name, settings.mail)
  }
}
