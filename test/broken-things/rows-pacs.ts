import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { FakePacs } from '../support/peers/fake-pacs.ts'
import { type BrokenThing, CENTER_STATUS, type Words } from './broken-thing.ts'
import type { Pair } from './pair.ts'

/** Sets the PACS of the center, as a person adds the lines. */
function setPacs(pair: Pair, url: string, ...lines: readonly string[]): void {
  appendFileSync(pair.path('center.yaml'), ['', 'pacs:', `  url: ${url}`, ...lines, ''].join('\n'))
}

const at = (pair: Pair): string => `http://127.0.0.1:${pair.ports.pacs}/dicom-web`

/** A PACS that gives every request the same answer. */
async function answering(pair: Pair, status: number): Promise<void> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html>no</html>')
  }).listen(pair.ports.pacs, '127.0.0.1')
  await once(server, 'listening')
  pair.use({ [Symbol.dispose]: () => void server.close() })
}

async function sendAndAsk(pair: Pair) {
  await pair.startBoth()
  await pair.sendStudy(2)
  await pair.confirmed(2)
  return CENTER_STATUS
}

const answers = (status: number, cure: Words): BrokenThing => ({
  broken: `the PACS answers ${status}`,
  ...(status === 401 && { isQuick: true as const }),
  play: async (pair) => {
    setPacs(pair, at(pair))
    await answering(pair, status)
    return sendAndAsk(pair)
  },
  expected: {
    exitCode: 13,
    cause: { en: new RegExp(`PACS.*${status}`), zh: new RegExp(`PACS.*${status}`) },
    cure,
    never: /All is well|一切正常/,
  },
})

/** The PACS behind the center. */
export const PACS_ROWS: readonly BrokenThing[] = [
  {
    broken: 'the PACS is down',
    play: async (pair) => {
      setPacs(pair, at(pair))
      return sendAndAsk(pair)
    },
    expected: {
      // It may come back by itself; from `alarms.pacsAway` on it needs a person.
      exitCode: 0,
      cause: { en: /PACS.*ECONNREFUSED|PACS.*cannot be reached/, zh: /PACS.*(ECONNREFUSED|连不上|无法连接)/ },
      cure: { en: /to do .*PACS/, zh: /处理办法 .*PACS/ },
      never: /All is well|一切正常/,
    },
  },
  answers(401, { en: /to do .*(user|password|credential|token)/, zh: /处理办法 .*(用户|密码)/ }),
  answers(404, { en: /to do .*(url|address|path)/, zh: /处理办法 .*pacs\.url/ }),
  answers(302, { en: /to do .*(url|address|path)/, zh: /处理办法 .*pacs\.url/ }),
  {
    broken: "the PACS's password file is missing",
    play: async (pair) => {
      setPacs(pair, at(pair), '  username: ferry', '  passwordFile: secrets/pacs')
      return { program: 'ferry-center', args: ['config', 'check'] }
    },
    expected: {
      exitCode: 78,
      cause: { en: /center\.yaml.*passwordFile|secrets\/pacs/, zh: /passwordFile|secrets\/pacs/ },
      cure: { en: /put the file there/, zh: /放入该文件/ },
    },
  },
  {
    broken: 'the PACS is set after the first studies',
    isWell: true,
    play: async (pair) => {
      await pair.startBoth()
      await pair.sendStudy(3)
      await pair.confirmed(3)
      await pair.stop('center')
      const pacs = pair.use(await FakePacs.start())
      setPacs(pair, pacs.options.url)
      await pair.startCenter()
      await pair.sendStudy(2)
      await pair.confirmed(5)
      await pair.run('ferry-center', ['retry'])
      return { program: 'ferry-center', args: ['studies'] }
    },
    expected: {
      exitCode: 0,
      cause: { en: /accepted[^]*accepted/, zh: /已入库[^]*已入库/ },
      cure: { en: /accepted/, zh: /已入库/ },
      never: /no PACS|无 PACS|未转 PACS/,
    },
  },
]
