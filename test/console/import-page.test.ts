import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { StatusPage } from '../../src/console/web/status-page.ts'
import { dicomFile, writeZip } from '../support/instances/import-fixtures.ts'
import { allSettled, type Clinic } from '../support/programs/clinic.ts'
import { openImportPage } from '../support/programs/import-page.ts'
import { tempFolder } from '../support/temp-folder.ts'

let clinic: Clinic
let page: StatusPage
let held: AsyncDisposable

beforeAll(async () => {
  const opened = await openImportPage()
  ;({ clinic, page } = opened)
  held = opened
}, 60_000)
afterAll(async () => {
  await held[Symbol.asyncDispose]()
})

interface View {
  mayAct: boolean
  state: string
  text: string
  counts: { kind: string; count: number }[]
  lists: { title: string; lines: string[] }[]
}

type Headers = Record<string, string>

async function enter(): Promise<Headers> {
  const answer = await fetch(page.newLink(), { redirect: 'manual' })
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const { hash } = new URL(answer.headers.get('location') ?? '', page.url)
  return { cookie, origin: page.url.replace(/\/$/, ''), 'x-ferry-secret': hash.slice(1) }
}

const post = (path: string, headers: Headers, body: object | Buffer): Promise<Response> =>
  fetch(`${page.url}api/import/${path}`, {
    method: 'POST',
    headers: {
      'content-type': Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json',
      ...headers,
    },
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
  })

const json = async <Value>(answer: Promise<Response>): Promise<Value> =>
  (await (await answer).json()) as Value

const view = (headers: Headers, lang = 'en'): Promise<View> =>
  json(fetch(`${page.url}api/import?lang=${lang}`, { headers }))

/** Does what the script of the page does; returns the number of pieces. */
async function importFiles(
  right: Headers,
  files: readonly { path: string; bytes: Buffer }[],
): Promise<number> {
  const { import: id } = await json<{ import: string }>(post('begin', right, {}))
  const listed = files.map(({ path, bytes }) => ({ path, size: bytes.length }))
  expect((await post('list', right, { import: id, files: listed })).status).toBe(200)
  expect((await post('start', right, { import: id })).status).toBe(200)
  interface Answer {
    want?: { id: number; file: number; offset: number; length: number }
    isOver: boolean
  }
  let answer: Answer = { isOver: false }
  let pieces = 0
  while (!answer.isOver) {
    const { id: wantId = 0, file = 0, offset = 0, length = 0 } = answer.want ?? {}
    const piece = files[file]?.bytes.subarray(offset, offset + length) ?? Buffer.alloc(0)
    if (answer.want !== undefined) pieces++
    answer = await json<Answer>(post(`piece?import=${id}&want=${wantId}`, right, piece))
  }
  return pieces
}

test('files that stay in a browser are read piece by piece, a zip file too, and accounted for', async () => {
  using folder = tempFolder()
  const large = dicomFile(5_000_000)
  await writeZip(folder.join('a.zip'), [
    ['1.dcm', dicomFile(2_000_000).file],
    ['2.dcm', large.file],
  ])
  const files = [
    { path: 'a.zip', bytes: readFileSync(folder.join('a.zip')) },
    { path: 'scan/3.dcm', bytes: dicomFile().file },
    { path: 'scan/report.pdf', bytes: Buffer.from('%PDF-1.4\n%%EOF\n') },
    { path: 'scan/cut.dcm', bytes: dicomFile(5000).file.subarray(0, -100) },
  ]
  const right = await enter()
  expect(await importFiles(right, files)).toBeLessThan(40)
  const done = await view(right)
  expect(done).toMatchObject({ state: 'done', text: '✓ The import has ended.' })
  expect(Object.fromEntries(done.counts.map(({ kind, count }) => [kind, count]))).toEqual({
    odd: 3,
    refused: 1,
    notDicom: 1,
  })
  expect(done.lists.flatMap(({ lines }) => lines).join('\n')).toMatch(
    /scan\/cut\.dcm: is cut off[^]*report\.pdf: .*PDF/,
  )
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 3 })
  await importFiles(right, files)
  expect((await view(right, 'zh')).counts).toContainEqual({
    kind: 'known',
    count: 3,
    text: '已有：此前收到过完全相同的影像',
  })
}, 60_000)

test('without the session of a link no file is taken and no name of a file is shown', async () => {
  const right = await enter()
  const { cookie: _, ...noCookie } = right
  const wrong: Headers[] = [
    {},
    noCookie,
    { ...right, 'x-ferry-secret': 'x' },
    { ...right, origin: 'http://evil.example' },
    { ...right, 'content-type': 'text/plain' },
  ]
  for (const headers of wrong) {
    expect((await post('begin', headers, {})).status).toBe(403)
    expect((await post('piece?import=1&want=1', headers, Buffer.alloc(1))).status).toBe(403)
  }
  await importFiles(right, [{ path: '张三.txt', bytes: Buffer.from('x') }])
  expect(JSON.stringify(await view({}))).not.toContain('张三')
  expect(JSON.stringify(await view(right))).toContain('张三')
})

test('a body over its limit, a foreign import and a list after the start are refused', async () => {
  const right = await enter()
  expect((await post('piece?import=1&want=1', right, Buffer.alloc(1024 * 1024 + 1))).status).toBe(400)
  expect((await post('list', right, { import: 'x', files: [] })).status).toBe(400)
  const long = { import: 'x', files: [{ path: 'x'.repeat(2 * 1024 * 1024), size: 1 }] }
  expect((await post('list', right, long)).status).toBe(400)
  const { import: id } = await json<{ import: string }>(post('begin', right, {}))
  await post('start', right, { import: id })
  expect((await post('list', right, { import: id, files: [{ path: 'a', size: 1 }] })).status).toBe(400)
})

test('a file that the browser cannot read is told, and the next one is taken', async () => {
  const right = await enter()
  const { import: id } = await json<{ import: string }>(post('begin', right, {}))
  const good = dicomFile().file
  const files = [
    { path: 'd/gone.dcm', size: 1000 },
    { path: 'd/good.dcm', size: good.length },
  ]
  await post('list', right, { import: id, files })
  await post('start', right, { import: id })
  let [want, isOver] = [{ id: 0, file: -1 }, false]
  while (!isOver) {
    const failed = want.file === 0 ? '&failed=1' : ''
    const path = `piece?import=${id}&want=${want.id}${failed}`
    const body = want.file === 1 ? good : Buffer.alloc(0)
    const answer = await json<{ want?: typeof want; isOver: boolean }>(post(path, right, body))
    ;[want, isOver] = [answer.want ?? { id: 0, file: -1 }, answer.isOver]
  }
  const { lists, counts } = await view(right)
  expect(lists.flatMap(({ lines }) => lines)).toContain(
    'd/gone.dcm: it cannot be read: the browser could not read it',
  )
  expect(counts).toContainEqual(expect.objectContaining({ kind: 'odd', count: 1 }))
})
