import type { Clock } from '../../platform/clock.ts'
import { timedOut } from '../wire/pdu.ts'
import type { PduReader } from '../wire/pdu-reader.ts'
import { PieceGatherer } from '../wire/piece-gatherer.ts'
import type { StoreSink } from './association.ts'

type Taker = Pick<StoreSink, 'push'>

/**
 * Moves the data set that follows a command into the sink, one piece at a time. Without a sink, or once it has refused
 * a piece, the rest is read and dropped for at most `discardMs`: devices handle a status after the whole data set
 * better than an abort.
 */
export async function receiveDataSet(
  reader: PduReader,
  contextId: number,
  sink: Taker | undefined,
  clock: Clock,
  discardMs: number,
): Promise<void> {
  const gatherer = new PieceGatherer()
  let wanting = sink
  let droppedSinceMs = clock.monotonicMs()
  for (let isLast = false; !isLast; ) {
    const fragment = await reader.continuation(contextId, false)
    for (let piece = await reader.piece(); piece !== undefined; piece = await reader.piece()) {
      if (wanting === undefined) {
        if (clock.monotonicMs() - droppedSinceMs > discardMs) throw timedOut('the rest of a refused data set')
      } else if (!(await offerAll(reader, wanting, gatherer.push(piece)))) {
        wanting = undefined
        droppedSinceMs = clock.monotonicMs()
      }
    }
    isLast = fragment.isLast
  }
  if (wanting !== undefined) await offerAll(reader, wanting, gatherer.finish())
}

async function offerAll(reader: PduReader, sink: Taker, pieces: readonly Buffer[]): Promise<boolean> {
  for (const piece of pieces) if (!(await offer(reader, sink, piece))) return false
  return true
}

/**
 * Resolves to true if the sink has taken the piece; otherwise the sink knows the reason. The peer's time limit is
 * suspended meanwhile.
 */
async function offer(reader: PduReader, sink: Taker, piece: Buffer): Promise<boolean> {
  let taken: Promise<void> | undefined
  try {
    taken = sink.push(piece)
    if (taken === undefined) return true
    reader.stopTimer()
    await taken
    return true
  } catch {
    return false
  } finally {
    if (taken !== undefined) reader.restartTimer()
  }
}
