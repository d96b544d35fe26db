import { connect } from 'node:net'

/** Resolves to true if a connection to this port of the machine is taken, and to undefined if not. */
export function answers(port: number): Promise<true | undefined> {
  const { promise, resolve } = Promise.withResolvers<true | undefined>()
  const socket = connect({ host: '127.0.0.1', port })
  socket.once('connect', () => {
    socket.destroy()
    resolve(true)
  })
  socket.once('error', () => resolve(undefined))
  return promise
}
