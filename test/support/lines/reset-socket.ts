import type { Socket } from 'node:net'

/**
 * Breaks the connection off with RST. If the socket's own end is already on its way, Node 24 would lose the descriptor
 * (EINVAL), and the process would then spin forever when it ends; it is just closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
