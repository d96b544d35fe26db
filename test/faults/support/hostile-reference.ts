/** An instance that lies whole in what a peer has sent. */
interface WholeStore {
  readonly messageId: number
  readonly dataSet: Buffer
}

interface Message {
  readonly contextId: number
  readonly isCommand: boolean
  readonly pieces: Buffer[]
}

const C_STORE_REQUEST = 0x0001
const NO_DATA_SET = 0x0101

/**
 * Every C-STORE that is whole and well formed at the beginning of `sent`, up to the first thing that breaks PS3.8 or
 * PS3.7: the only instances that may ever be answered with Success. A second opinion on what `src/dimse` reads while
 * it streams: here all bytes lie ready, and nothing of the product is used.
 */
export function wholeStores(sent: Buffer): WholeStore[] {
  const stores: WholeStore[] = []
  let message: Message | undefined
  let command: ReturnType<typeof readCommand>
  for (const { contextId, isCommand, isLast, value } of fragments(sent)) {
    const awaited: boolean = command === undefined
    message ??= { contextId, isCommand: awaited, pieces: [] }
    if (message.contextId !== contextId || message.isCommand !== isCommand) break
    message.pieces.push(value)
    if (!isLast) continue
    const bytes = Buffer.concat(message.pieces)
    if (isCommand) {
      command = readCommand(bytes)
      if (command === undefined) break
      if (command.dataSetType === NO_DATA_SET) command = message = undefined
      else message = { contextId, isCommand: false, pieces: [] }
    } else {
      if (command?.field === C_STORE_REQUEST) stores.push({ messageId: command.messageId, dataSet: bytes })
      command = message = undefined
    }
  }
  return stores
}

/** The PDVs of the P-DATA-TFs that follow an A-ASSOCIATE-RQ, up to the first PDU of another kind. */
function* fragments(
  sent: Buffer,
): Generator<{ contextId: number; isCommand: boolean; isLast: boolean; value: Buffer }> {
  for (let at = 0; at + 6 <= sent.length; at += 6 + sent.readUInt32BE(at + 2)) {
    const type = sent.readUInt8(at)
    const end = at + 6 + sent.readUInt32BE(at + 2)
    if (type !== (at === 0 ? 1 : 4)) return
    for (let pdv = type === 4 ? at + 6 : end; pdv < end; pdv += 4 + sent.readUInt32BE(pdv)) {
      if (pdv + 6 > sent.length) return
      const valueEnd = pdv + 4 + sent.readUInt32BE(pdv)
      if (valueEnd < pdv + 6 || valueEnd > end || valueEnd > sent.length) return
      const control = sent.readUInt8(pdv + 5)
      yield {
        contextId: sent.readUInt8(pdv + 4),
        isCommand: (control & 1) !== 0,
        isLast: (control & 2) !== 0,
        value: sent.subarray(pdv + 6, valueEnd),
      }
    }
  }
}

function readCommand(bytes: Buffer): { field: number; messageId: number; dataSetType: number } | undefined {
  const words = new Map<number, number>()
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 8 || bytes.readUInt16LE(at) !== 0) return undefined
    const length = bytes.readUInt32LE(at + 4)
    if (length > bytes.length - at - 8) return undefined
    const word = length >= 2 ? bytes.readUInt16LE(at + 8) : -1
    words.set(bytes.readUInt16LE(at + 2), word)
    at += 8 + length
  }
  const [field = -1, messageId = -1, dataSetType = -1] = [0x0100, 0x0110, 0x0800].map((e) => words.get(e))
  return field < 0 || dataSetType < 0 ? undefined : { field, messageId, dataSetType }
}

interface Answers {
  /** Message IDs of the C-STOREs that were answered with 0000, in order. */
  readonly successes: readonly number[]
  /** Statuses of all responses, in order. */
  readonly statuses: readonly number[]
  /** PDU types, in order. */
  readonly types: readonly number[]
}

/** Reads what the listener said; throws in words where a peer could not have understood it. */
export function readAnswers(said: Buffer): Answers {
  const [successes, statuses, types]: [number[], number[], number[]] = [[], [], []]
  const messages = new AnswerReader()
  for (let at = 0; at < said.length; at += 6 + said.readUInt32BE(at + 2)) {
    if (at + 6 > said.length || at + 6 + said.readUInt32BE(at + 2) > said.length)
      throw new Error('half a PDU')
    const type = said.readUInt8(at)
    const last = types.at(-1)
    if (last === 3 || last === 6 || last === 7)
      throw new Error(`PDU of type ${type} behind one of type ${last}`)
    if ((type === 2 || type === 3) !== (at === 0 && type !== 7))
      throw new Error(`PDU of type ${type} out of order`)
    if (![2, 3, 4, 6, 7].includes(type)) throw new Error(`PDU of type ${type}`)
    types.push(type)
    if (type !== 4) continue
    const response = messages.add(said.subarray(at + 6, at + 6 + said.readUInt32BE(at + 2)))
    if (response === undefined) continue
    statuses.push(response.status)
    if (response.field === 0x8001 && response.status === 0) successes.push(response.messageId)
  }
  return { successes, statuses, types }
}

/** Puts messages together from P-DATA-TFs of one PDV each, as Ferry writes them. */
class AnswerReader {
  #command: Buffer[] = []
  #awaitsData = false

  /** The response that is complete with this PDU; our own requests and data sets are looked at and passed over. */
  add(body: Buffer): { field: number; messageId: number; status: number } | undefined {
    if (body.readUInt32BE(0) !== body.length - 4) throw new Error('not one whole PDV')
    const [isCommand, isLast] = [(body.readUInt8(5) & 1) !== 0, (body.readUInt8(5) & 2) !== 0]
    if (isCommand === this.#awaitsData) throw new Error('a fragment of the wrong kind')
    if (!isCommand) {
      this.#awaitsData = !isLast
      return undefined
    }
    this.#command.push(body.subarray(6))
    if (!isLast) return undefined
    const words = wordsOf(Buffer.concat(this.#command.splice(0)))
    const [field = 0, messageId, status] = [0x0100, 0x0120, 0x0900].map((element) => words.get(element))
    this.#awaitsData = words.get(0x0800) !== NO_DATA_SET
    if ((field & 0x8000) === 0) return undefined
    if (messageId === undefined || status === undefined)
      throw new Error('a response without message ID or status')
    return { field, messageId, status }
  }
}

function wordsOf(command: Buffer): Map<number, number> {
  const words = new Map<number, number>()
  for (let at = 0; at < command.length; at += 8 + command.readUInt32LE(at + 4)) {
    if (command.readUInt32LE(at + 4) >= 2)
      words.set(command.readUInt16LE(at + 2), command.readUInt16LE(at + 8))
  }
  return words
}
