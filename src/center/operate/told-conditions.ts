import type { Told } from '../../messages/digest.ts'
import type { MessageLedger } from '../../messages/messenger.ts'
import type { MessageRegister } from '../register/condition-register.ts'
import type { Condition } from './condition.ts'

/** Stores in the register which conditions each target was told of. */
export class ToldConditions implements MessageLedger<Condition> {
  readonly #register: MessageRegister

  constructor(register: MessageRegister) {
    this.#register = register
  }

  async told(target: string): Promise<Told<Condition>[]> {
    const rows = await this.#register.told(target)
    return rows.map(({ content, toldAt }): Told<Condition> => ({ condition: JSON.parse(content), toldAt }))
  }

  sent(target: string, now: number, told: readonly Condition[], ended: readonly Condition[]): Promise<void> {
    const rows = told.map((condition) => {
      const { code, subject } = condition
      return { code, subject, content: JSON.stringify(condition) }
    })
    return this.#register.sent(target, now, rows, ended)
  }

  failed(target: string, now: number, reason: string): Promise<void> {
    return this.#register.failed(target, now, reason)
  }

  settled(target: string): Promise<void> {
    return this.#register.settled(target)
  }

  lastSentAt(target: string): Promise<number | undefined> {
    return this.#register.lastSentAt(target)
  }
}
