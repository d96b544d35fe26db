import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { CrossProblem, Repetition } from './checks/check-settings.ts'
import type { NamedFile } from './checks/named-files.ts'
import { listAt, repeatedNames, textAt, valueAt } from './checks/yaml-places.ts'
import { ruleName } from './setting/rule-setting.ts'
import * as setting from './setting/setting.ts'

/** The targets that are told of conditions, and the times. */
export interface MessageSettings {
  readonly language: 'zh' | 'en'
  /** A condition that does not last for this long sends nothing. */
  readonly afterMs: number
  /** A condition that lasts is told again after this time. */
  readonly repeatMs: number
  readonly targets: readonly MessageTargetSettings[]
}

/** Paths are absolute. */
type MessageTargetSettings = { readonly name: string } & (
  | { readonly kind: 'webhook'; readonly webhook: z.output<typeof webhookSchema> }
  | { readonly kind: 'wecom'; readonly wecom: z.output<typeof wecomSchema> }
  | { readonly kind: 'dingtalk'; readonly dingtalk: z.output<typeof dingtalkSchema> }
  | { readonly kind: 'mail'; readonly mail: z.output<typeof mailSchema> }
)

const TARGET_KINDS = ['webhook', 'wecom', 'dingtalk', 'mail'] as const
const FILE_KEYS = ['urlFile', 'tokenFile', 'secretFile', 'passwordFile', 'caFile'] as const

const urlFile = setting.path('File whose first line is the address; it is a secret')
const caFile = setting.path('PEM certificates to trust in place of those of the system').optional()

const webhookSchema = z.strictObject({
  urlFile,
  tokenFile: setting.path('File with a bearer token').optional(),
  caFile,
})

const wecomSchema = z.strictObject({ urlFile })

const dingtalkSchema = z.strictObject({
  urlFile,
  secretFile: setting.path('File with the secret by which messages are signed').optional(),
})

const mailSchema = z.strictObject({
  host: setting.host('Mail server'),
  port: setting.port('Its port').prefault('465'),
  security: setting
    .choice('tls = from the first byte (465); starttls = required (587); none = in clear', [
      'tls',
      'starttls',
      'none',
    ])
    .prefault('tls'),
  username: setting.text('User name there').optional(),
  passwordFile: setting.path('File whose first line is the password').optional(),
  caFile,
  from: setting.text('Address of the sender'),
  to: z.array(setting.text('Address')).min(1).describe('Addresses of the recipients'),
})

const targetSchema = z
  .strictObject({
    name: ruleName('Name in status and log'),
    webhook: webhookSchema.optional().describe('Any address that takes JSON by POST'),
    wecom: wecomSchema.optional().describe('A group robot of 企业微信'),
    dingtalk: dingtalkSchema.optional().describe('A group robot of 钉钉'),
    mail: mailSchema.optional().describe('E-mail by SMTP'),
  })
  .transform(({ name, webhook, wecom, dingtalk, mail }, context): MessageTargetSettings => {
    if (webhook !== undefined) return { name, kind: 'webhook', webhook }
    if (wecom !== undefined) return { name, kind: 'wecom', wecom }
    if (dingtalk !== undefined) return { name, kind: 'dingtalk', dingtalk }
    if (mail !== undefined) return { name, kind: 'mail', mail }
    context.addIssue({ code: 'custom', params: { expected: { what: 'choice', choices: TARGET_KINDS } } })
    return z.NEVER
  })

export const messagesSchema = z
  .strictObject({
    language: setting.choice('Language of messages', ['zh', 'en']).prefault('zh'),
    after: setting
      .duration('A problem that does not last for this long sends no message', '0s', '1d')
      .prefault('2m'),
    repeat: setting
      .duration('A problem that lasts is told again after this time', '1h', '30d')
      .prefault('1d'),
    targets: z
      .array(targetSchema)
      .prefault([])
      .describe('Where messages go; each has one of webhook, wecom, dingtalk, mail; none = no messages'),
  })
  .transform(
    ({ language, after, repeat, targets }): MessageSettings => ({
      language,
      afterMs: after,
      repeatMs: repeat,
      targets,
    }),
  )
  .describe('Messages about problems that need a person')

/** Relative paths count from the folder of the configuration. */
export function messagesBesideFile(messages: MessageSettings, configPath: string): MessageSettings {
  const at = (path: string): string => resolve(dirname(configPath), path)
  const targets = messages.targets.map((target): MessageTargetSettings => {
    switch (target.kind) {
      case 'webhook':
        return { ...target, webhook: absolute(target.webhook, at) }
      case 'wecom':
        return { ...target, wecom: absolute(target.wecom, at) }
      case 'dingtalk':
        return { ...target, dingtalk: absolute(target.dingtalk, at) }
      case 'mail':
        return { ...target, mail: absolute(target.mail, at) }
    }
  })
  return { ...messages, targets }
}

function absolute<Settings extends object>(settings: Settings, at: (path: string) => string): Settings {
  const files = Object.entries(settings).flatMap(([key, value]) =>
    FILE_KEYS.some((one) => one === key) && typeof value === 'string' ? [[key, at(value)] as const] : [],
  )
  return { ...settings, ...Object.fromEntries(files) }
}

export function repeatedTargetNames(values: unknown): Repetition[] {
  return repeatedNames(listAt(values, ['messages', 'targets']), ['messages', 'targets'])
}

/** Two kinds in one target, and a user name without a password. */
export function messageProblems(values: unknown): CrossProblem[] {
  return listAt(values, ['messages', 'targets']).flatMap((target, i) => {
    const path = ['messages', 'targets', i]
    const [kind, second] = TARGET_KINDS.filter((one) => valueAt(target, [one]) !== undefined)
    const twice: CrossProblem[] =
      kind === undefined || second === undefined
        ? []
        : [{ kind: 'conflict', path: [...path, second], found: second, other: kind }]
    const mail = valueAt(target, ['mail'])
    const lacksPassword = textAt(mail, 'username') !== undefined && textAt(mail, 'passwordFile') === undefined
    const expected = { what: 'path' } as const
    return lacksPassword
      ? [...twice, { kind: 'missing', path: [...path, 'mail', 'passwordFile'], expected }]
      : twice
  })
}

/** The files that targets name. */
export function messageFiles(values: unknown): NamedFile[] {
  return listAt(values, ['messages', 'targets']).flatMap((target, i) =>
    TARGET_KINDS.flatMap((kind) =>
      FILE_KEYS.flatMap((key) => {
        const name = textAt(valueAt(target, [kind]), key)
        return name === undefined ? [] : [{ path: ['messages', 'targets', i, kind, key], name }]
      }),
    ),
  )
}
