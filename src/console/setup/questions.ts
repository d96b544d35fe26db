/** Asks a person; without a terminal, or with `--yes`, every question is answered by its default. */
export interface Questions {
  /** True if a person answers. */
  readonly isAsking: boolean
  text(question: string, usual: string): Promise<string>
  confirm(question: string, usual: boolean): Promise<boolean>
  choose(
    question: string,
    choices: readonly { value: string; label: string }[],
    usual: string,
  ): Promise<string>
  /** Resolves when the person presses Enter, while something else is waited for. Rejects when the signal is aborted. */
  enter(signal: AbortSignal): Promise<void>
}

/** Takes every default. */
export const NO_QUESTIONS: Questions = {
  isAsking: false,
  text: (_, usual) => Promise.resolve(usual),
  confirm: (_, usual) => Promise.resolve(usual),
  choose: (_, __, usual) => Promise.resolve(usual),
  enter: () => Promise.resolve(),
}
