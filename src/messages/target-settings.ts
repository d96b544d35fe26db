/** Files are absolute paths; each is read again for every message. */
export type TargetSettings = { readonly name: string } & (
  | { readonly kind: 'webhook'; readonly webhook: WebhookSettings }
  | { readonly kind: 'wecom'; readonly wecom: { readonly urlFile: string } }
  | { readonly kind: 'dingtalk'; readonly dingtalk: DingtalkSettings }
  | { readonly kind: 'mail'; readonly mail: MailSettings }
)

export interface WebhookSettings {
  readonly urlFile: string
  readonly tokenFile?: string | undefined
  /** PEM certificates to trust in place of those of the system. */
  readonly caFile?: string | undefined
}

export interface DingtalkSettings {
  readonly urlFile: string
  /** The secret by which messages are signed (加签). */
  readonly secretFile?: string | undefined
}

export interface MailSettings {
  readonly host: string
  readonly port: number
  /** tls: from the first byte. starttls: required before anything is said. none: in clear. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly username?: string | undefined
  readonly passwordFile?: string | undefined
  readonly caFile?: string | undefined
  readonly from: string
  readonly to: readonly string[]
}
