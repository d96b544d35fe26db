import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { listenFailure, portHolder } from '../../src/platform/port-holder.ts'
import { freePort } from '../support/peers/free-port.ts'

const LISTEN =
  "require('node:net').createServer().listen(Number(process.argv[1]), process.argv[2], () => console.log('on'))"
const isLinux = process.platform === 'linux'

test.each(isLinux ? ['127.0.0.1', '::'] : [])('the program that has a port on %s is named', async (host) => {
  const port = await freePort()
  expect(portHolder(port)).toBeUndefined()
  const child = spawn(process.execPath, ['-e', LISTEN, `${port}`, host], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    await once(child.stdout, 'data')
    const holder = portHolder(port)
    expect(holder?.pid).toBe(child.pid)
    const error = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
    expect(listenFailure(error, 'listening', port)).toMatchObject({
      code: 'PORT_IN_USE',
      message: `listening: the port is used by ${holder?.name} (pid ${child.pid}): EADDRINUSE`,
    })
  } finally {
    child.kill()
    await once(child, 'exit')
  }
  expect(portHolder(port)).toBeUndefined()
})

test('a port that needs a right is told with the way to give it', () => {
  const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
  expect(listenFailure(error, 'listening', 104).message).toMatch(
    /may not listen on port 104 .*CAP_NET_BIND_SERVICE/,
  )
})
