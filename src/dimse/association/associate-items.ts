import { ABORT_BY_PROVIDER, type BrokenOff, violation } from '../wire/pdu.ts'
import { textWithoutPadding } from '../wire/wire-text.ts'

/** An item or sub-item of an A-ASSOCIATE PDU. */
export interface Item {
  readonly type: number
  readonly value: Buffer
  /** The header included. */
  readonly whole: Buffer
}

/** Splits items as PS3.8 lays them out: type, reserved, 16-bit length, value. Throws PROTOCOL_VIOLATION. */
export function splitItems(bytes: Buffer): readonly Item[] {
  const items: Item[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 4) throw invalidRequest('an item without a length')
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    if (end > bytes.length) throw invalidRequest('an item longer than what holds it')
    items.push({
      type: bytes.readUInt8(at),
      value: bytes.subarray(at + 4, end),
      whole: bytes.subarray(at, end),
    })
    at = end
  }
  return items
}

export function encodeItem(type: number, value: Buffer): Item {
  const header = Buffer.of(type, 0, 0, 0)
  header.writeUInt16BE(value.length, 2)
  const whole = Buffer.concat([header, value])
  return { type, value: whole.subarray(4), whole }
}

/** Returns the text of the first item of this type. */
export function textOf(items: readonly Item[], type: number): string | undefined {
  const item = items.find((one) => one.type === type)
  return item === undefined ? undefined : textWithoutPadding(item.value)
}

/** Rejects a request that cannot be read, or that breaks a rule for more than a single context. */
export function invalidRequest(found: string): BrokenOff {
  return violation(ABORT_BY_PROVIDER.invalidPduParameter, found)
}
