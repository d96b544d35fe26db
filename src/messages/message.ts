/** One condition as a message names it, in words. */
export interface MessageItem {
  readonly code: string
  readonly severity: string
  readonly subject: string | null
  /** Ms since 1970. */
  readonly since: number | null
  readonly what: string
  readonly todo: string
}

/** A message to people: no patient data and no UID. */
export interface Message {
  /** Ms since 1970. */
  readonly at: number
  /** The center or clinic that it is about. */
  readonly name: string
  readonly title: string
  /** The whole message in lines of text, without the title. */
  readonly lines: readonly string[]
  readonly begun: readonly MessageItem[]
  /** Told before, and still there after the time of repetition. */
  readonly lasting: readonly MessageItem[]
  readonly ended: readonly MessageItem[]
}

/** A place to which messages go. */
export interface MessageTarget {
  /** From the configuration. */
  readonly name: string
  /** Sends one message. Throws MESSAGE_UNSENT, whose sentence contains no address and no secret. */
  send(message: Message, signal: AbortSignal): Promise<void>
}
