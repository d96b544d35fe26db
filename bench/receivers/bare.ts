import { once } from 'node:events'
import { join } from 'node:path'
import { Child } from '../child.ts'
import { HOST, type Holding, type Receiver, type ReceiverKind } from './receiver.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bare-receiver.ts')

export const BARE_DISCARD: ReceiverKind = {
  name: 'bare loop, discard',
  promises: 'nothing is kept',
  start: (folder) => start('discard', folder),
}

export const BARE_FSYNC: ReceiverKind = {
  name: 'bare loop, fsync',
  promises: 'plain, synced',
  start: (folder) => start('fsync', folder),
}

export const GATE_DISCARD: ReceiverKind = {
  name: 'Ferry gate, discard',
  promises: 'nothing is kept',
  start: (folder) => start('gate', folder),
}

async function start(mode: string, folder: string): Promise<Receiver> {
  const child = new Child(process.execPath, [PROGRAM, mode, folder], { ipc: true })
  const [{ port }] = (await once(child.process, 'message')) as [{ port: number }]
  return {
    pid: child.pid,
    host: HOST,
    port,
    aeTitle: 'BARE',
    async holds() {
      child.process.send('holding')
      const [holding] = (await once(child.process, 'message')) as [Holding]
      return holding
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}
