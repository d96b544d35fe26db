import { textWithoutPadding } from './padded-text.ts'
import { ABORT_BY_PROVIDER, type BrokenOff, encodePdu, PDU_TYPE, violation } from './pdu.ts'

/** PS3.8 §9.3.2, PS3.8 §D.1, PS3.7 §D.3.3 */
const ITEM = {
  applicationContext: 0x10,
  presentationContext: 0x20,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUid: 0x52,
  implementationVersionName: 0x55,
} as const

const FIXED_FIELDS_LENGTH = 68
const MAX_CONTEXTS = 128
const MAX_UID_LENGTH = 64

/** PS3.7 §A.2.1 */
export const APPLICATION_CONTEXT_NAME = '1.2.840.10008.3.1.1.1'

/** An A-ASSOCIATE-RQ that dcmjs-dimse can be shown, and what it would get wrong or forget. */
export interface CheckedAssociateRequest {
  /** The whole PDU, its presentation contexts sorted by ID: the library renumbers any other order. */
  readonly pdu: Buffer
  readonly protocolVersion: number
  readonly applicationContextName: string | undefined
  readonly implementationClassUid: string | undefined
  readonly implementationVersionName: string | undefined
  /** The peer's limit for P-DATA-TF to it; 0 means none (PS3.8 §D.1.1). */
  readonly peerMaxPduLength: number
}

interface Item {
  readonly type: number
  readonly value: Buffer
  /** With its header. */
  readonly whole: Buffer
}

/**
 * Checks the body of an A-ASSOCIATE-RQ: at most 128 contexts, odd and unique IDs, no item longer than what holds it.
 */
export function checkAssociateRequest(body: Buffer): CheckedAssociateRequest {
  const items = splitItems(body.subarray(FIXED_FIELDS_LENGTH))
  const contexts = items.filter((item) => item.type === ITEM.presentationContext)
  const user = items.filter((item) => item.type === ITEM.userInformation)
  const others = items.filter(
    ({ type }) => type !== ITEM.presentationContext && type !== ITEM.userInformation,
  )
  checkContexts(contexts)
  const ordered = [...others, ...contexts.toSorted((a, b) => idOf(a) - idOf(b)), ...user]
  return {
    pdu: encodePdu(
      PDU_TYPE.associateRequest,
      Buffer.concat([body.subarray(0, FIXED_FIELDS_LENGTH), ...ordered.map((item) => item.whole)]),
    ),
    protocolVersion: body.readUInt16BE(0),
    applicationContextName: textOf(others, ITEM.applicationContext),
    ...userInformation(user),
  }
}

function userInformation(
  user: readonly Item[],
): Pick<
  CheckedAssociateRequest,
  'implementationClassUid' | 'implementationVersionName' | 'peerMaxPduLength'
> {
  const items = user.flatMap((item) => splitItems(item.value))
  const maximum = items.find((item) => item.type === ITEM.maximumLength)
  if (maximum !== undefined && maximum.value.length !== 4)
    throw invalid('a maximum length item of a wrong size')
  return {
    implementationClassUid: textOf(items, ITEM.implementationClassUid),
    implementationVersionName: textOf(items, ITEM.implementationVersionName),
    peerMaxPduLength: maximum?.value.readUInt32BE(0) ?? 0,
  }
}

function checkContexts(contexts: readonly Item[]): void {
  if (contexts.length > MAX_CONTEXTS) throw invalid(`${contexts.length} presentation contexts`)
  for (const context of contexts) checkContext(context)
  if (new Set(contexts.map(idOf)).size < contexts.length)
    throw invalid('a presentation context ID used twice')
}

function checkContext(context: Item): void {
  if (context.value.length < 4) throw invalid('a presentation context without an ID')
  if (idOf(context) % 2 === 0) throw invalid(`an even presentation context ID, ${idOf(context)}`)
  const [abstractSyntax, ...transferSyntaxes] = splitItems(context.value.subarray(4))
  if (
    abstractSyntax?.type !== ITEM.abstractSyntax ||
    transferSyntaxes.length === 0 ||
    transferSyntaxes.some((item) => item.type !== ITEM.transferSyntax)
  ) {
    throw invalid('a presentation context that is not one abstract syntax and its transfer syntaxes')
  }
  for (const { value } of [abstractSyntax, ...transferSyntaxes]) {
    if (value.length === 0 || textWithoutPadding(value).length > MAX_UID_LENGTH)
      throw invalid('a syntax that is not a UID')
  }
}

/** Items as PS3.8 lays them out: type, reserved, 16-bit length, value. */
function splitItems(bytes: Buffer): readonly Item[] {
  const items: Item[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 4) throw invalid('an item without a length')
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    if (end > bytes.length) throw invalid('an item longer than what holds it')
    items.push({
      type: bytes.readUInt8(at),
      value: bytes.subarray(at + 4, end),
      whole: bytes.subarray(at, end),
    })
    at = end
  }
  return items
}

function idOf(context: Item): number {
  return context.value.readUInt8(0)
}

function textOf(items: readonly Item[], type: number): string | undefined {
  const item = items.find((one) => one.type === type)
  return item === undefined ? undefined : textWithoutPadding(item.value)
}

function invalid(found: string): BrokenOff {
  return violation(ABORT_BY_PROVIDER.invalidPduParameter, `A-ASSOCIATE-RQ with ${found}`)
}
