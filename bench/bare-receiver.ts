/**
 * The machine's limit, to measure the others against: a C-STORE SCP that does the least that can be done. Run as
 * `node bench/bare-receiver.ts discard|fsync|gate FOLDER`; it tells its port, and on request what it took, to its parent.
 *
 * discard: takes the bytes from the socket. fsync: keeps them in one file an instance, synced before the answer, no
 * folder sync, no sealing, no index. gate: discards behind Ferry's own DIMSE server, so that its share can be seen.
 */
import { closeSync, fdatasyncSync, openSync, writevSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { listenForAssociations } from '../src/dimse/scp/dimse-server.ts'
import { systemClock } from '../src/platform/clock.ts'
import { silentLog } from '../src/platform/log.ts'
import { BareAssociation, type BareInstance } from './receivers/bare-association.ts'

const HOST = '127.0.0.1'
const [mode = '', folder = ''] = process.argv.slice(2)
const held = { instances: 0, dataSetBytes: 0 }

process.on('message', () => process.send?.(held))
process.on('disconnect', () => process.exit())
process.send?.({ port: mode === 'gate' ? await listenBehindGate() : await listenBare() })

function listenBare(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket: Socket) => new BareAssociation(socket, take))
  return new Promise((resolve) => {
    server.listen(0, HOST, () => resolve((server.address() as { port: number }).port))
  })
}

function take({ pieces, bytes }: BareInstance): void {
  if (mode === 'fsync') keep(pieces)
  held.instances++
  held.dataSetBytes += bytes
}

/** Blocks the loop: with one association that is the fastest way there is. */
function keep(pieces: readonly Buffer[]): void {
  const file = openSync(join(folder, `${held.instances}.bin`), 'wx')
  for (let at = 0; at < pieces.length; at += 1024) writevSync(file, pieces.slice(at, at + 1024))
  fdatasyncSync(file)
  closeSync(file)
}

async function listenBehindGate(): Promise<number> {
  const server = await listenForAssociations({
    host: HOST,
    port: 0,
    clock: systemClock,
    log: silentLog,
    handlers: {
      answer: ({ contexts }) => ({
        accept: true,
        contexts: new Map(
          contexts.map(({ id, transferSyntaxUids }) => [
            id,
            { transferSyntaxUid: transferSyntaxUids[0] ?? '' },
          ]),
        ),
      }),
      store: () => ({
        push(chunk) {
          held.dataSetBytes += chunk.length
          return undefined
        },
        finish() {
          held.instances++
          return Promise.resolve({ status: 0 })
        },
        discard() {},
      }),
    },
  })
  return server.port
}
