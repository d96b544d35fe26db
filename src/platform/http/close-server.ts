import { once } from 'node:events'
import type { Server } from 'node:http'

/** Accepts no more requests and ends every connection; resolves when the last is gone. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
