import { encodePdu, PDU_TYPE } from '../wire/pdu.ts'
import { type Item, invalidRequest, splitItems, textOf } from './associate-items.ts'
import { type BrokenContext, readContexts } from './proposed-contexts.ts'

/** PS3.8 §9.3.2, PS3.8 §D.1, PS3.7 §D.3.3 */
const ITEM = {
  applicationContext: 0x10,
  presentationContext: 0x20,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUid: 0x52,
  implementationVersionName: 0x55,
} as const

const FIXED_FIELDS_LENGTH = 68

/** PS3.7 §A.2.1 */
export const APPLICATION_CONTEXT_NAME = '1.2.840.10008.3.1.1.1'

/** An A-ASSOCIATE-RQ in a form that dcmjs-dimse reads correctly, with the parts that it would misread or lose. */
export interface CheckedAssociateRequest {
  /** The whole PDU, its presentation contexts sorted by ID: the library renumbers any other order. */
  readonly pdu: Buffer
  readonly protocolVersion: number
  readonly applicationContextName: string | undefined
  readonly implementationClassUid: string | undefined
  readonly implementationVersionName: string | undefined
  /** The peer's limit for P-DATA-TF to it; 0 means none (PS3.8 §D.1.1). */
  readonly peerMaxPduLength: number
  /** Contexts that are refused alone, by ID; the PDU contains a replacement for each. */
  readonly brokenContexts: ReadonlyMap<number, BrokenContext>
}

/**
 * Checks the body of an A-ASSOCIATE-RQ: at most 128 contexts, odd and unique IDs, no item longer than what holds it.
 * Throws PROTOCOL_VIOLATION.
 */
export function checkAssociateRequest(body: Buffer): CheckedAssociateRequest {
  const items = splitItems(body.subarray(FIXED_FIELDS_LENGTH))
  const contexts = items.filter((item) => item.type === ITEM.presentationContext)
  const user = items.filter((item) => item.type === ITEM.userInformation)
  const others = items.filter(
    ({ type }) => type !== ITEM.presentationContext && type !== ITEM.userInformation,
  )
  const { items: readable, broken } = readContexts(contexts)
  const ordered = [...others, ...readable, ...user]
  return {
    pdu: encodePdu(
      PDU_TYPE.associateRequest,
      Buffer.concat([body.subarray(0, FIXED_FIELDS_LENGTH), ...ordered.map((item) => item.whole)]),
    ),
    protocolVersion: body.readUInt16BE(0),
    applicationContextName: textOf(others, ITEM.applicationContext),
    brokenContexts: broken,
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
    throw invalidRequest('the item of the maximum PDU length has a wrong size')
  return {
    implementationClassUid: textOf(items, ITEM.implementationClassUid),
    implementationVersionName: textOf(items, ITEM.implementationVersionName),
    peerMaxPduLength: maximum?.value.readUInt32BE(0) ?? 0,
  }
}
