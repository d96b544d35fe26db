import { answers } from '../../test/support/peers/answers.ts'
import { freePort } from '../../test/support/peers/free-port.ts'
import { Child } from '../child.ts'
import { nagleEnvironment } from '../nagle.ts'
import { holdingOfFiles } from './part10-folder.ts'
import { HOST, type ReceiverKind } from './receiver.ts'

/** DCMTK's own receiver, keeping what it gets bit by bit (+B), with the PDU length that it announces by default. */
export const STORESCP: ReceiverKind = {
  name: 'DCMTK storescp',
  promises: 'plain, not synced',
  program: 'storescp',
  async start(folder, nagle) {
    const port = await freePort()
    const child = new Child('storescp', ['+B', '-aet', 'STORESCP', '-od', folder, String(port)], {
      env: nagleEnvironment(nagle),
    })
    await child.until('it listened', () => answers(port))
    return {
      pid: child.pid,
      host: HOST,
      port,
      aeTitle: 'STORESCP',
      holds: () => holdingOfFiles(folder),
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    }
  },
}
