import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { connect } from 'node:tls'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { AGENT_STATUS, type BrokenThing } from './broken-thing.ts'
import type { Pair } from './pair.ts'

/** A device that wants to store an image and is turned away. */
async function call(pair: Pair, calledAeTitle: string, callingAeTitle: string): Promise<void> {
  const { sopClassUid, transferSyntaxUid } = inventedInstance(0)
  const opening = openAssociation({
    host: '127.0.0.1',
    port: pair.ports.agent,
    calledAeTitle,
    callingAeTitle,
    contexts: [{ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] }],
    clock: systemClock,
  })
  await opening.then(
    (association) => association.release(),
    () => {},
  )
}

/** Another program that has a port. */
async function occupy(pair: Pair, port: number): Promise<void> {
  const server: Server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  pair.use({ [Symbol.dispose]: () => void server.close() })
}

/** Devices that are turned away, and ports that are taken. */
export const DOOR_ROWS: readonly BrokenThing[] = [
  {
    broken: 'wrong called AE title',
    isQuick: true,
    play: async (pair) => {
      await pair.startBoth()
      await call(pair, 'FERY', 'CT1')
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /CT1 .*FERY.*FERRY/, zh: /CT1.*FERY.*FERRY/ },
      cure: { en: /to do .*called AE title/, zh: /处理办法 .*(calledAeTitles|被叫|AE Title)/ },
      never: /need not do anything now|暂不需要您操作|All is well|一切正常/,
    },
  },
  {
    broken: 'unknown device',
    isQuick: true,
    play: async (pair) => {
      await pair.startBoth()
      await call(pair, 'FERRY', 'US1')
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: { en: /US1/, zh: /US1/ },
      cure: { en: /ferry devices approve US1/, zh: /ferry devices approve US1/ },
      never: /need not do anything now|暂不需要您操作|All is well|一切正常/,
    },
  },
  {
    broken: 'right AE title from another address',
    play: async (pair) => {
      pair.edit('ferry.yaml', { 'addresses: ["127.0.0.1"]': 'addresses: ["192.0.2.20"]' })
      await pair.startBoth()
      await call(pair, 'FERRY', 'CT1')
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /calls from 127\.0\.0\.1.*192\.0\.2\.20/, zh: /从 127\.0\.0\.1 呼叫.*192\.0\.2\.20/ },
      cure: { en: /to do .*ferry devices approve CT1/, zh: /ferry devices approve CT1/ },
      never: /need not do anything now|暂不需要您操作|All is well|一切正常/,
    },
  },
  {
    broken: 'DICOM port taken by another program',
    isQuick: true,
    play: async (pair) => {
      await occupy(pair, pair.ports.agent)
      return { program: 'ferry', args: ['run'] }
    },
    expected: {
      exitCode: 1,
      cause: { en: /PORT_IN_USE/, zh: /PORT_IN_USE/ },
      cure: { en: /→ .*choose another port/, zh: /→ .*换一个端口/ },
    },
  },
  {
    broken: "status page's port taken",
    play: async (pair) => {
      await occupy(pair, pair.ports.page)
      await pair.startBoth()
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /status page cannot be opened/, zh: /状态页打不开/ },
      cure: { en: /to do .*stop the program that uses the port/, zh: /处理办法 .*停止占用端口的程序/ },
    },
  },
  {
    broken: 'a TLS client on the plain port',
    play: async (pair) => {
      await pair.startBoth()
      const socket = connect({ port: pair.ports.agent, host: '127.0.0.1', rejectUnauthorized: false })
      await once(socket, 'error')
      socket.destroy()
      return { program: 'ferry', args: ['devices'] }
    },
    expected: {
      exitCode: 0,
      cause: { en: /TLS/, zh: /TLS/ },
      cure: { en: /without TLS|plain/, zh: /TLS/ },
    },
  },
]
