import { expect, test } from '@jest/globals'
import { StowClient, type StowInstance } from '../../src/dicomweb/stow-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { HandedOn } from '../support/centers/handed-on.ts'
import { type StowRequest, type StowResponse, StowStub, stowModule } from '../support/peers/stow-stub.ts'

const XML = 'application/dicom+xml'
const never = new AbortController().signal

/** A PACS that has only one of the two media types of a response module. */
function onlyIn(type: string, answer: (request: StowRequest) => StowResponse) {
  return (request: StowRequest): StowResponse => {
    if (request.headers.accept !== type) return { status: 406 }
    return { headers: { 'content-type': type }, ...answer(request) }
  }
}

test('a PACS that answers in XML only gets each instance, and is asked in XML from then on', async () => {
  await using chain = await HandedOn.start(
    onlyIn(XML, (request) => ({ status: 200, body: moduleInXml(HandedOn.uidsOf(request)) })),
  )
  await chain.deliver(3)
  expect(await chain.until((study) => study.pacsAccepted === 3)).toMatchObject({ pacsRefused: 0 })
  await chain.deliver(1)
  await chain.until((study) => study.pacsAccepted === 4)
  const asked = chain.pacs.requests.map(({ headers }) => headers.accept)
  expect(asked.filter((type) => type !== XML)).toEqual(['application/dicom+json'])
})

test('an instance that an answer in XML refuses is refused with its reason, and the others are accepted', async () => {
  let bad = ''
  await using chain = await HandedOn.start(
    onlyIn(XML, (request) => {
      const uids = HandedOn.uidsOf(request)
      bad ||= uids[0] ?? ''
      const failed = new Map(uids.filter((uid) => uid === bad).map((uid) => [uid, 0x0122]))
      return {
        status: failed.size === uids.length ? 409 : 202,
        body: moduleInXml(
          uids.filter((uid) => uid !== bad),
          failed,
        ),
      }
    }),
  )
  await chain.deliver(3)
  const study = await chain.until((one) => one.pacsAccepted === 2 && one.pacsRefused === 1)
  expect(study.pacsReason).toBe('the PACS refused it: SOP class not supported (0122)')
})

test.each<[string, (whole: string) => string]>([
  ['is cut off', (whole) => whole.slice(0, -40)],
  ['closes what it did not open', (whole) => whole.replace('</Item>', '</Value>')],
  ['begins with other elements', (whole) => whole.replaceAll('NativeDicomModel', 'Answer')],
])('an answer in XML that %s accepts nothing and refuses nothing by itself', async (_, broken) => {
  await using chain = await HandedOn.start(
    onlyIn(XML, (request) => ({ status: 200, body: broken(moduleInXml(HandedOn.uidsOf(request))) })),
  )
  await chain.deliver(1)
  const study = await chain.until((one) => one.pacsUnverified === 1)
  expect(study).toMatchObject({ pacsAccepted: 0, pacsRefused: 0 })
  expect(study.pacsReason).toContain('the PACS answered 200 with a list that cannot be read')
})

test('a PACS that answers in neither JSON nor XML is paused with a reason that says so', async () => {
  await using pacs = await StowStub.start(() => ({ status: 406 }))
  await using client = await StowClient.open({ url: pacs.url, timeoutMs: 10_000 }, systemClock)
  expect(await client.store([instance('1')], never)).toMatchObject({
    kind: 'unavailable',
    failure: {
      code: 'PACS_ADDRESS',
      message: 'storing by STOW-RS: the PACS answered 406: it answers neither in DICOM JSON nor in DICOM XML',
    },
  })
  expect(pacs.requests).toHaveLength(2)
})

test('a PACS that changes from XML to JSON is asked in JSON again', async () => {
  let type = XML
  await using pacs = await StowStub.start((request) =>
    onlyIn(type, () => ({ status: 200, body: type === XML ? moduleInXml(['1']) : stowModule(['1']) }))(
      request,
    ),
  )
  await using client = await StowClient.open({ url: pacs.url, timeoutMs: 10_000 }, systemClock)
  const stored = { kind: 'answered', outcomes: new Map([['1', { kind: 'stored', warning: undefined }]]) }
  expect(await client.store([instance('1')], never)).toEqual(stored)
  type = 'application/dicom+json'
  expect(await client.store([instance('1')], never)).toEqual(stored)
  expect(pacs.requests).toHaveLength(4)
  expect(pacs.requests.map(({ files }) => files.map(String))).toEqual([['x'], ['x'], ['x'], ['x']])
})

function moduleInXml(stored: readonly string[], failed: ReadonlyMap<string, number> = new Map()): string {
  const referenced = stored.map((uid) => valueInXml('00081155', 'UI', uid))
  const failures = Array.from(
    failed,
    ([uid, reason]) => valueInXml('00081155', 'UI', uid) + valueInXml('00081197', 'US', String(reason)),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">
${sequenceInXml('00081199', referenced)}${sequenceInXml('00081198', failures)}
</NativeDicomModel>`
}

function sequenceInXml(tag: string, items: readonly string[]): string {
  const numbered = items.map((item, i) => `<Item number="${i + 1}">${item}</Item>`)
  return items.length === 0
    ? ''
    : `<DicomAttribute tag="${tag}" vr="SQ">${numbered.join('\n')}</DicomAttribute>`
}

const valueInXml = (tag: string, vr: string, text: string): string =>
  `<DicomAttribute tag="${tag}" vr="${vr}"><Value number="1">${text}</Value></DicomAttribute>`

function instance(sopInstanceUid: string): StowInstance {
  return {
    sopInstanceUid,
    bytes: 1,
    async *content() {
      yield Buffer.from('x')
    },
  }
}
